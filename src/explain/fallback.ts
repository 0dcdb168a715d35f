/** Calls that got ENOSYS, in the place of which libraries and programs make others: clone for clone3. They are no findings. */

import { LIBRARIES_FALL_BACK } from '../evidence/policy/calls/tables.js';
import { ENOSYS, errnoOf } from '../syscalls/action.js';
import type { Cause } from './refused-call.js';
import type { Tally } from './tally.js';

/**
 * Whether a call got ENOSYS, or would, so that another is made instead. A table whose `action` is ENOSYS says nothing about
 * one call: only those count then that libraries are known to replace.
 * @param cause undefined where it isn't known
 */
export function isFallback(
  { call, got, errno }: Pick<Tally, 'call' | 'got' | 'errno'>,
  cause?: Cause,
): boolean {
  const isMeant = cause?.answer === ENOSYS;
  if (got === 'recorded') return isMeant;
  if (errno !== errnoOf(ENOSYS)) return false;
  return isMeant || !cause || cause.kind === 'elsewhere' || LIBRARIES_FALL_BACK.includes(call.name);
}
