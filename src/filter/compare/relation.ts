/** How what filters answer is beside what a policy says. */
import { type Action, ENOSYS, KILL, KILL_THREAD, permits, stricter } from '../../syscalls/action.js';

/**
 * How filters answer beside a policy: `stricter` is what the kernel takes first; `otherwise` is a call that is refused
 * too: with another errno, as one that the kernel doesn't have, or by the end of its thread alone.
 */
export type Relation = 'stricter' | 'otherwise' | 'looser';

/** Calls of consecutive numbers that get another answer than the policy's. */
export interface Difference {
  /** An AUDIT_ARCH value. */
  readonly arch: number;
  readonly first: number;
  readonly last: number;
  readonly relation: Relation;
  readonly expected: Action;
  readonly got: Action;
  /** Registers of such a call, where it depends on them. */
  readonly args?: readonly bigint[];
}

/** The relation of the second action to the first; undefined where they are the same. */
export function relationOf(expected: Action, got: Action): Relation | undefined {
  if (expected === got) return undefined;
  if (expected === KILL && got === KILL_THREAD) return 'otherwise';
  if (!permits(expected) && got === ENOSYS) return 'otherwise';
  if (stricter(expected, got) !== expected) return 'stricter';
  return stricter(got, expected) !== got ? 'looser' : 'otherwise';
}

export const isLooser = (expected: Action, got: Action): boolean => relationOf(expected, got) === 'looser';
