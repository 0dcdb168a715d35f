import { callsOf } from '../../../syscalls/resolve.js';
import type { SyscallSets } from '../../../syscalls/sets.js';
import type { SeenCall } from '../input.js';
import type { SortedCall } from './tiers.js';

/** Sets that no daemon needs, but for one whose work they are. Scripts set limits and priorities: @resources isn't here. */
const RARELY_NEEDED = [
  ...['@clock', '@cpu-emulation', '@debug', '@module', '@mount', '@obsolete', '@raw-io', '@reboot', '@swap'],
];

/**
 * Sets for `unit-deny`: no program of the unit, its start script included, has made a call of theirs, and the daemon can
 * do without.
 * @param seen the calls of all programs
 * @param calls the daemon's, by their tiers
 */
export function unitDenySets(
  seen: readonly SeenCall[],
  calls: readonly SortedCall[],
  sets: SyscallSets,
): string[] {
  const passing = calls.filter(({ tier }) => tier === 'allow' || tier === 'log');
  const needed = new Set([...seen, ...passing].map(({ name }) => name));
  return RARELY_NEEDED.filter((name) => {
    const members = callsOf({ name }, sets);
    return members.length > 0 && !members.some((call) => needed.has(call));
  });
}
