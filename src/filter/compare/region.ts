import type { Action } from '../../syscalls/action.js';
import type { Verdict } from '../../syscalls/policy.js';
import type { Program } from './programs.js';

/** Calls of consecutive numbers in which the compared programs are looser than the policy. */
export interface Region {
  /** An AUDIT_ARCH value. */
  readonly arch: number;
  readonly first: number;
  readonly last: number;
  readonly verdict: Verdict;
  /** The strictest answer of the programs that don't load the arguments of these calls. */
  readonly got: Action;
  /** The programs that load the arguments of these calls. */
  readonly asking: readonly Program[];
  /** Whether a program that may refuse these calls was left out. */
  readonly isUnsure: boolean;
  /** The registers of a looser call, where arguments decide. */
  readonly args?: readonly bigint[];
}
