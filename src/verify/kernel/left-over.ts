/** Processes that a unit's stop has left in its control group, as KillMode=process does. */

import { mainPid } from '../../state/main-process.js';
import { readStatus, startOf, TICK } from '../../state/process-status.js';
import type { System, UnitProperties } from '../../system/system.js';

/** What may lie between the start of a main process and what systemd calls it, in microseconds. */
const INACCURACY = 1_000_000;

/**
 * Tells whether a process of a unit runs since before the unit was inactive last, or was started by one that does.
 * @param pids those of the unit's control group
 */
export async function createLeftOver(
  system: System,
  unit: UnitProperties,
  pids: ReadonlySet<number>,
): Promise<(pid: number) => Promise<boolean>> {
  const main = mainPid(unit);
  const end = await lastEnd(system, unit, main);
  const isLeftOver = async (pid: number): Promise<boolean> => {
    if (!pids.has(pid) || pid === main) return false;
    const started = await startOf(system, pid);
    if (started === undefined) return false;
    if (started + TICK <= end) return true;
    const parent = (await readStatus(system, `${pid}`))?.get('PPid');
    return isLeftOver(Number(parent ?? 0));
  };
  return isLeftOver;
}

/**
 * When the unit was inactive last, in microseconds since boot as `stat` counts them. systemd's clock stands still while
 * the machine sleeps; how long that was the main process tells, whose start both know.
 */
async function lastEnd(system: System, unit: UnitProperties, main: number): Promise<number> {
  const at = (name: string) => Number(unit.get(name) ?? 0);
  const end = at('InactiveEnterTimestampMonotonic');
  const started = main === 0 ? undefined : await startOf(system, main);
  if (end === 0 || started === undefined) return end;
  return end + Math.max(0, started - at('ExecMainStartTimestampMonotonic') - INACCURACY);
}
