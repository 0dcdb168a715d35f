/** The relation of filters' answers to a policy. */
import { type Action, ENOSYS, KILL, KILL_THREAD, permits, stricter } from '../../syscalls/action.js';

/**
 * The relation of filters' answers to a policy. `stricter`: the kernel prefers the filters' action to the policy's.
 * `otherwise`: the call is refused, too, with another errno, with ENOSYS, or by the end of its thread alone.
 */
export type Relation = 'stricter' | 'otherwise' | 'looser';

/** Calls of consecutive numbers whose answer differs from the policy's. */
export interface Difference {
  /** An AUDIT_ARCH value. */
  readonly arch: number;
  readonly first: number;
  readonly last: number;
  readonly relation: Relation;
  readonly expected: Action;
  readonly got: Action;
  /** The registers of such a call, where arguments decide. */
  readonly args?: readonly bigint[];
}

/** The relation of the second action to the first; undefined if they are equal. */
export function relationOf(expected: Action, got: Action): Relation | undefined {
  if (expected === got) return undefined;
  if (expected === KILL && got === KILL_THREAD) return 'otherwise';
  if (!permits(expected) && got === ENOSYS) return 'otherwise';
  if (stricter(expected, got) !== expected) return 'stricter';
  return stricter(got, expected) !== got ? 'looser' : 'otherwise';
}

export const isLooser = (expected: Action, got: Action): boolean => relationOf(expected, got) === 'looser';
