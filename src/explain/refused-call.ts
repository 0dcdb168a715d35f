import type { Location } from '../diagnostic.js';
import type { TextEdit } from '../policy/edit.js';
import type { Policy, WeakerPolicy } from '../policy/policy.js';
import type { Abi, Machine } from '../syscalls/abi.js';
import type { NamedPolicy, OwnLimits } from '../syscalls/named-policy.js';
import { resolveCalls } from '../syscalls/resolve.js';
import { NO_SYSCALLS } from '../syscalls/section.js';
import type { SyscallSets } from '../syscalls/sets.js';

/** A change that lets a call through, to a policy or to the unit itself. */
export interface Change {
  /** The edit, in one line. */
  readonly does: string;
  /** The policy's file, or the command that edits the unit. */
  readonly where: string;
  /** The text to write, word for word; absent if something is only taken out. */
  readonly text?: string;
  /** The line in which something is taken out or added. */
  readonly line?: number;
  /** The edit of the policy's file that does it; absent if it isn't to be done to that file, or by a person alone. */
  readonly edit?: TextEdit;
}

/** The policy and the unit's own limits that a call is held against. */
export interface Confinement {
  readonly policy: Policy;
  readonly machine: Machine;
  readonly sets: SyscallSets;
  /** The limits of the unit's own filter, whether the policy inherits them or not. */
  readonly own: OwnLimits | undefined;
  /** The loaded directives that refuse a call. */
  readonly refusers: (call: string, abi: Abi) => readonly string[];
  /** Variants of the policy, each without one of the bases that it extends itself, or without the host's defaults. */
  readonly weaker?: readonly WeakerPolicy[];
}

/** A call by its calling convention. */
export interface NamedCall {
  /** Undefined if the machine has no such convention. */
  readonly abi: Abi | undefined;
  /** The number in the convention's table (x32: without bit 30). */
  readonly number: number;
  /** The name for people: `mount`, `call 470`. */
  readonly name: string;
  /** Whether the tables know the call. */
  readonly known: boolean;
  readonly args?: readonly bigint[] | undefined;
}

export type CauseKind =
  | 'denied'
  | 'not-allowed'
  | 'rule'
  | 'arguments'
  | 'recorded'
  | 'own-filter'
  | 'unknown-number'
  | 'closed-convention'
  | 'directive'
  | 'ready'
  | 'elsewhere';
/** The line or the mechanism that decides on a call. */
export interface Cause {
  readonly kind: CauseKind;
  /** The cause in short: `deny @mount`. */
  readonly what: string;
  readonly at?: Location | undefined;
}

/** The policy's verdicts by names, with the unit's own limits unless `inherit` is false. */
export function named({ policy, sets, own }: Pick<Confinement, 'policy' | 'sets' | 'own'>): NamedPolicy {
  const section = policy.syscalls ?? NO_SYSCALLS;
  return resolveCalls(section, sets, (section.inherit?.value ?? true) ? own : undefined);
}
