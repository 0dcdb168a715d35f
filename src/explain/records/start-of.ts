import { isUp } from '../../machine/state/service-run.js';
import type { UnitState } from '../../machine/unit-state.js';
import type { Phase } from '../../policy/policy.js';

/** The kernel's records have the time of its last tick, which is up to 10 ms ago. */
const TICK = 10;

/**
 * The last start of a service, in milliseconds since 1970. A service that waits for its next start has left the
 * inactive state again since. 0 if nobody knows: a service that has ended may be unloaded.
 * @param before the service before: the start of a main process that was there then doesn't count
 */
export function startOf(state: UnitState, before?: UnitState): number {
  const { execMainStartTimestamp: main, inactiveExitTimestamp: left } = state;
  const isNew = main > (before?.execMainStartTimestamp ?? 0);
  const started = isNew ? Math.min(main, left) : left;
  return Math.max(0, Math.floor(started / 1000) - TICK);
}

/**
 * The phase of a service's last run that a time is in: its start, until the manager has it for active, or from then on.
 * @param time milliseconds since 1970
 * @returns undefined for a time of another run, and where the manager doesn't tell
 */
export function phaseAt(time: number, state: UnitState): Phase | undefined {
  const started = startOf(state);
  if (started === 0 || time < started) return undefined;
  const served = Math.floor(state.activeEnterTimestamp / 1000) - TICK;
  // The time of an earlier run: this one has never served.
  if (served < started) return isUp(state) ? undefined : 'start';
  return time < served ? 'start' : 'ready';
}
