import type { UnitState } from '../../system/unit-state.js';

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
