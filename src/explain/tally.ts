/** Calls that ended alike, counted. */

import { groupBy } from '../collections.js';
import type { Machine } from '../syscalls/abi.js';
import { type Action, ALLOW, KILL, KILL_THREAD, LOG } from '../syscalls/action.js';
import { nameCall } from './cause.js';
import type { UnitCall } from './records/record.js';
import type { NamedCall } from './refused-call.js';

export interface Tally {
  readonly call: NamedCall;
  /** The end that the call came to. */
  readonly got: 'killed' | 'killed-thread' | 'failed' | 'recorded' | 'stopped';
  /** The errno's number, where it failed and that was seen. */
  readonly errno?: number | undefined;
  readonly count: number;
  /** The last time, in milliseconds since 1970. */
  readonly last: number;
  /** Whether the call is known to be the unit's. */
  readonly certain: boolean;
}

/**
 * Calls of one kind each: the call, its action and errno, and the arguments, where they are known; guesses only where no call
 * is known to be the unit's.
 */
export function alike(calls: readonly UnitCall[]): (readonly UnitCall[])[] {
  const groups = groupBy(
    calls,
    ({ arch, nr, action, errno, args }) => `${arch} ${nr} ${action} ${errno} ${args?.join() ?? ''}`,
  );
  return [...groups.values()].map((same) => {
    const known = same.filter(({ certain }) => certain);
    return known.length > 0 ? known : same;
  });
}

/** @param same calls that differ only in their processes and times; all are certain, or none */
export function tally(machine: Machine, same: readonly UnitCall[]): Tally {
  const { action, errno, certain } = same[0]!;
  return {
    call: nameCall(machine, same[0]!),
    got: gotOf(action),
    errno,
    count: same.reduce((all, one) => all + (one.count ?? 1), 0),
    last: Math.max(...same.map(({ time }) => time)),
    certain,
  };
}

const ERRNO: Action = 0x00050000;

function gotOf(action: Action): Tally['got'] {
  if (action === KILL) return 'killed';
  if (action === KILL_THREAD) return 'killed-thread';
  if (action === ERRNO) return 'failed';
  return action === LOG || action === ALLOW ? 'recorded' : 'stopped';
}
