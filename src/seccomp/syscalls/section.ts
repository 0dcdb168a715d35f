import type { Location } from '../../diagnostic.js';
import type { Action } from './action.js';
import type { Operator } from './policy.js';

/** A value, and its place in the policy. */
export interface Located<T> {
  readonly value: T;
  readonly at: Location;
}

/** One entry of `allow`, `deny` or `log`: a call, or with `@` a set of calls. */
export interface CallEntry {
  readonly name: string;
  /** The action after the colon, which this entry's calls get instead of the section's `action`. */
  readonly action?: Action;
  readonly at: Location;
}

export interface ConditionEntry {
  readonly arg: number;
  readonly op: Operator;
  /** Numbers, or names of constants joined by `|`, whose values depend on the ABI. */
  readonly operands: readonly Located<bigint | string>[];
  readonly width: 32 | 64;
  readonly at: Location;
}

export interface RuleEntry {
  readonly syscall: Located<string>;
  readonly when: readonly ConditionEntry[];
  readonly action: Located<Action>;
  readonly at: Location;
}

/** The lists and rules of a section on calls, as written; a missing key is undefined. */
export interface CallLists {
  readonly at: Location;
  readonly allow: readonly CallEntry[] | undefined;
  readonly deny: readonly CallEntry[];
  readonly log: readonly CallEntry[];
  readonly rules: readonly RuleEntry[];
  readonly action: Located<Action> | undefined;
}

/** The section `[ready]` as written: the calls that a service keeps once it serves. */
export interface ReadySection extends CallLists {
  /** Whether the service can be reloaded then; undefined: as the unit has it. */
  readonly reload: Located<boolean> | undefined;
  /** Milliseconds for which its threads and programs must be the same ones; undefined: by the unit's type. */
  readonly settle: Located<number> | undefined;
  /** When the unit's own commands of ExecStartPost= run, beside the loading of the filter; undefined: before. */
  readonly startPost: Located<'before' | 'after'> | undefined;
  /** Set by the command line, as that of `[syscalls]` is. */
  readonly permissive?: boolean;
}

/** The section `[syscalls]` as written; a missing key is undefined. */
export interface SyscallsSection extends CallLists {
  readonly unknown: Located<Action> | undefined;
  readonly inherit: Located<boolean> | undefined;
  readonly implicit: Located<boolean> | undefined;
  readonly architectures: readonly Located<string>[] | undefined;
  readonly enforcer: Located<'auto' | 'launcher'> | undefined;
  readonly stage: Located<'exec' | 'entry'> | undefined;
  /** Set by the command line, not by a key: calls that the section would refuse are let through and recorded. */
  readonly permissive?: boolean;
}

/** An empty section `[syscalls]`. */
export const NO_SYSCALLS: SyscallsSection = {
  at: { file: '', line: 1, column: 1 },
  allow: undefined,
  deny: [],
  log: [],
  rules: [],
  action: undefined,
  unknown: undefined,
  inherit: undefined,
  implicit: undefined,
  architectures: undefined,
  enforcer: undefined,
  stage: undefined,
};
