/** Processes that a unit's stop has left in its control group, as KillMode=process does. */

import { remember } from '../../collections.js';
import { readStatus, startOf, TICK } from '../../state/process-status.js';
import type { System } from '../../system/system.js';
import type { UnitState } from '../../system/unit-state.js';

/** The most that may lie between the start of a main process and the time that systemd has for it, in microseconds. */
const INACCURACY = 1_000_000;

/**
 * Makes a function that tells whether a process runs since before the unit was inactive last, or was started by such a
 * one.
 * @param pids processes of the unit's control group
 */
export async function createLeftOver(
  system: System,
  unit: UnitState,
  pids: ReadonlySet<number>,
): Promise<(pid: number) => Promise<boolean>> {
  const main = unit.mainPid;
  const end = await lastEnd(system, unit, main);
  const judge = async (pid: number): Promise<boolean> => {
    if (!pids.has(pid) || pid === main) return false;
    const started = await startOf(system, pid);
    if (started === undefined) return false;
    if (started + TICK <= end) return true;
    const parent = (await readStatus(system, `${pid}`))?.get('PPid');
    return isLeftOver(Number(parent ?? 0));
  };
  // A service can make a long chain of processes: each is looked at once.
  const isLeftOver = remember(judge);
  return isLeftOver;
}

/**
 * The time when the unit was inactive last, in microseconds since boot as `stat` counts them. systemd's clock stands
 * still while the machine sleeps. The main process, whose start both know, tells how long that was.
 */
async function lastEnd(system: System, unit: UnitState, main: number): Promise<number> {
  const { inactiveEnterTimestampMonotonic: end } = unit;
  const started = main === 0 ? undefined : await startOf(system, main);
  if (end === 0 || started === undefined) return end;
  return end + Math.max(0, started - unit.execMainStartTimestampMonotonic - INACCURACY);
}
