import type { Diagnostic, Location } from '../diagnostic.js';
import type { TextEdit } from '../policy/edit.js';
import { checkExpectations, checkReadyExpectations, type ResolvedFilter } from '../policy/expect.js';
import type { Phase, Policy, WeakerPolicy } from '../policy/policy.js';
import type { Abi, Machine } from '../seccomp/syscalls/abi.js';
import type { Action } from '../seccomp/syscalls/action.js';
import type { NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import { withOwnSets } from '../seccomp/syscalls/own-sets.js';
import { NO_FILTER, readyCalls } from '../seccomp/syscalls/ready.js';
import { resolve, resolveCalls } from '../seccomp/syscalls/resolve.js';
import { type CallLists, NO_SYSCALLS, type SyscallsSection } from '../seccomp/syscalls/section.js';
import type { SyscallSets } from '../seccomp/syscalls/sets.js';

/** A change that lets a call through, to a policy or to the unit itself. */
export interface AllowingChange {
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
  readonly own: NamedPolicy | undefined;
  /** The loaded directives that refuse a call. */
  readonly refusers: (call: string, abi: Abi) => readonly string[];
  /** Variants of the policy, each without one of the bases that it extends itself, or without the host's defaults. */
  readonly weaker?: readonly WeakerPolicy[];
  /** The phase of the unit's last run that a time is in, milliseconds since 1970; undefined for a time of another run. */
  readonly phaseAt?: (time: number) => Phase | undefined;
  /** The calls and sets that `sandbox-unit tighten` refuses to what runs, each with its answer. */
  readonly tightened?: readonly string[];
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
  | 'tightened'
  | 'elsewhere';

/** The line or the mechanism that decides on a call. */
export interface Cause {
  readonly kind: CauseKind;
  /** The cause in short: `deny @mount`. */
  readonly what: string;
  readonly at?: Location | undefined;
  /** The answer that the policy gives this call by itself, as `clone3:ENOSYS` does; undefined where its table's answer counts. */
  readonly answer?: Action | undefined;
  /** Set where it is of `[ready]`, which decides once the service serves. */
  readonly phase?: 'ready';
}

/** The policy that a call is held against, and the unit's own limits. */
export type Limited = Pick<Confinement, 'policy' | 'sets' | 'own'>;

/** The lists and rules of `[syscalls]`, or those of `[ready]` in its form; undefined where the policy has no such table. */
export function sectionOf({ syscalls, ready }: Policy, phase: Phase): SyscallsSection | undefined {
  if (phase === 'start') return syscalls;
  const architectures = syscalls && (syscalls.architectures ?? []).map(({ value }) => value);
  return ready && readyCalls(ready, architectures);
}

/** The lists of a table as they are written. */
export const listsOf = ({ syscalls, ready }: Policy, phase: Phase): CallLists | undefined =>
  phase === 'start' ? syscalls : ready;

/** A policy with other lists in one of its tables. */
export function withLists(policy: Policy, phase: Phase, lists: CallLists): Policy {
  const { syscalls, ready } = policy;
  return phase === 'start'
    ? { ...policy, syscalls: syscalls && { ...syscalls, ...lists } }
    : { ...policy, ready: ready && { ...ready, ...lists } };
}

/** The sets that a table knows. */
export const setsOf = (sets: SyscallSets, phase: Phase): SyscallSets =>
  phase === 'start' ? sets : withOwnSets(sets);

/**
 * The policy's verdicts by names: those of the start with the unit's own limits unless `inherit` is false, or those of
 * `[ready]` by themselves.
 */
export function named({ policy, sets, own }: Limited, phase: Phase = 'start'): NamedPolicy {
  const section = sectionOf(policy, phase) ?? NO_SYSCALLS;
  const limits = phase === 'start' && (section.inherit?.value ?? true) ? own : undefined;
  return resolveCalls(section, setsOf(sets, phase), limits);
}

/** Errors about expectations of a policy that don't hold. */
export function failedExpectations(confinement: Limited & Pick<Confinement, 'machine'>): Diagnostic[] {
  const { policy, sets, own, machine } = confinement;
  const meaning = (phase: Phase, verdicts: NamedPolicy): ResolvedFilter => ({
    section: sectionOf(policy, phase),
    sets: setsOf(sets, phase),
    named: verdicts,
    machines: [resolve(verdicts, machine)],
  });
  const before = policy.syscalls ? named(confinement) : resolveCalls(NO_FILTER, sets, own);
  const start = meaning('start', before);
  return [
    ...(policy.syscalls ? checkExpectations(policy, start) : []),
    ...(policy.ready
      ? checkReadyExpectations(policy, start, meaning('ready', named(confinement, 'ready')))
      : []),
  ];
}
