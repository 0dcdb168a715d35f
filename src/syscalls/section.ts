import type { Location } from '../diagnostic.js';
import type { Action } from './action.js';
import type { Operator } from './policy.js';

/** A value and the place in the policy that it comes from. */
export interface Located<T> {
  readonly value: T;
  readonly at: Location;
}

/** One entry of `allow`, `deny` or `log`: a call or, with `@`, a set of calls. */
export interface CallEntry {
  readonly name: string;
  /** After the colon: what this entry's calls get instead of the policy's `action`. */
  readonly action?: Action;
  readonly at: Location;
}

export interface ConditionEntry {
  readonly arg: number;
  readonly op: Operator;
  /** Numbers, or names of constants joined by `|`; their values depend on the ABI. */
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

/** `[syscalls]` as written; a key that isn't there is undefined. */
export interface SyscallsSection {
  readonly at: Location;
  readonly allow: readonly CallEntry[] | undefined;
  readonly deny: readonly CallEntry[];
  readonly log: readonly CallEntry[];
  readonly rules: readonly RuleEntry[];
  readonly action: Located<Action> | undefined;
  readonly unknown: Located<Action> | undefined;
  readonly inherit: Located<boolean> | undefined;
  readonly implicit: Located<boolean> | undefined;
  readonly architectures: readonly Located<string>[] | undefined;
  readonly enforcer: Located<'auto' | 'launcher'> | undefined;
  readonly stage: Located<'exec' | 'entry'> | undefined;
  /** Not a key: the command line asks that what the section would refuse be let through and recorded. */
  readonly permissive?: boolean;
  /** Not a key: where `[exec] programs` says that it is for these alone. */
  readonly forPrograms?: Location;
}

/** A `[syscalls]` that says nothing. */
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
