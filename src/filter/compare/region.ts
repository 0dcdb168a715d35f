import type { Action } from '../../syscalls/action.js';
import type { Verdict } from '../../syscalls/policy.js';
import type { Program } from './programs.js';

/** Calls of consecutive numbers in which the programs that were held against the policy are looser. */
export interface Region {
  /** An AUDIT_ARCH value. */
  readonly arch: number;
  readonly first: number;
  readonly last: number;
  readonly verdict: Verdict;
  /** The strictest answer of the programs that don't look at the arguments of these calls. */
  readonly got: Action;
  /** The programs that do. */
  readonly asking: readonly Program[];
  /** Whether a program was left out that may refuse them. */
  readonly isUnsure: boolean;
  /** Registers of such a call, where they matter. */
  readonly args?: readonly bigint[];
}
