import type { Location } from '../diagnostic.js';
import type { Policy, WeakerPolicy } from '../policy/policy.js';
import type { Abi, Machine } from '../syscalls/abi.js';
import type { NamedPolicy, OwnLimits } from '../syscalls/named-policy.js';
import { resolveCalls } from '../syscalls/resolve.js';
import { NO_SYSCALLS } from '../syscalls/section.js';
import type { SyscallSets } from '../syscalls/sets.js';

/** A change that lets a call through, to a policy or to the unit itself. */
export interface Change {
  /** What to do, in one line. */
  readonly does: string;
  /** The policy's file, or the command that edits the unit. */
  readonly where: string;
  /** What it is to say then, as it is; none where something is only taken out. */
  readonly text?: string;
  /** Where something is taken out or added. */
  readonly line?: number;
}

/** What a call is held against. */
export interface Confinement {
  readonly policy: Policy;
  readonly machine: Machine;
  readonly sets: SyscallSets;
  /** What the unit's own filter refuses, whether the policy inherits it or not. */
  readonly own: OwnLimits | undefined;
  /** Directives that refuse a call, as they are loaded. */
  readonly refusers: (call: string, abi: Abi) => readonly string[];
  /** The policy without each of those that it extends itself. */
  readonly weaker?: readonly WeakerPolicy[];
}

/** A call by its calling convention. */
export interface NamedCall {
  /** Undefined where the machine has no such convention. */
  readonly abi: Abi | undefined;
  /** As the convention's table has it (x32: without bit 30). */
  readonly number: number;
  /** As people know it: `mount`, `call 470`. */
  readonly name: string;
  /** Whether the tables know it. */
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
  | 'elsewhere';
/** What decides on a call. */
export interface Cause {
  readonly kind: CauseKind;
  /** In short: `deny @mount`. */
  readonly what: string;
  readonly at?: Location | undefined;
}

/** The policy's meaning by names, as it is planned. */
export function named({ policy, sets, own }: Pick<Confinement, 'policy' | 'sets' | 'own'>): NamedPolicy {
  const section = policy.syscalls ?? NO_SYSCALLS;
  return resolveCalls(section, sets, (section.inherit?.value ?? true) ? own : undefined);
}
