/** Processes that a unit's stop has left in its control group, as KillMode=process does. */

import { groupBy } from '../../collections.js';
import { orElse } from '../../machine/state/failures.js';
import { startOf, TICK } from '../../machine/state/process-status.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';

/** The most that may lie between the start of a main process and the time that systemd has for it, in microseconds. */
const INACCURACY = 1_000_000;

/** Processes by their parents, as both were seen: a process that has ended since is known by its parent alone. */
export type Parents = ReadonlyMap<number, number>;

/** Some processes, and all that they have started. */
export function withDescendants(processes: Iterable<number>, parents: Parents): Set<number> {
  const children = groupBy(parents.keys(), (pid) => parents.get(pid)!);
  const found = new Set(processes);
  // A set goes on to what is added on the way.
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child);
  return found;
}

/** The processes that run since before the unit was inactive last, and what such ones have started. */
export async function survivingProcesses(
  system: System,
  unit: UnitState,
  parents: Parents,
): Promise<ReadonlySet<number>> {
  const { mainPid: main } = unit;
  const end = await lastEnd(system, unit, main);
  const early: number[] = [];
  const others = new Map(parents);
  others.delete(main);
  for (const pid of end === 0 ? [] : others.keys()) {
    const started = await orElse(() => startOf(system, pid), undefined);
    if (started !== undefined && started + TICK <= end) early.push(pid);
  }
  return early.length === 0 ? new Set() : withDescendants(early, others);
}

/**
 * The time when the unit was inactive last, in microseconds since boot as `stat` counts them. systemd's clock stands
 * still while the machine sleeps. The main process, whose start both know, tells how long that was.
 */
async function lastEnd(system: System, unit: UnitState, main: number): Promise<number> {
  const { inactiveEnterTimestampMonotonic: end } = unit;
  const started = end === 0 || main === 0 ? undefined : await startOf(system, main);
  if (started === undefined) return end;
  return end + Math.max(0, started - unit.execMainStartTimestampMonotonic - INACCURACY);
}
