/** Lifetimes of a unit's processes: before and after, their IDs are others'. */

import { isInUnit } from '../../state/control-group.js';
import { startOf, TICK } from '../../state/process-status.js';
import type { System } from '../../system/system.js';
import type { UnitState } from '../../system/unit-state.js';

/** The start and the end, in milliseconds since 1970. */
interface Lifetime {
  readonly from: number;
  readonly to: number;
}

/** Lifetimes by process ID. */
export type Lifetimes = ReadonlyMap<number, Lifetime>;

export const isWithin = (life: Lifetime | undefined, time: number): boolean =>
  life !== undefined && life.from <= time && time <= life.to;

/** The inaccuracy of a lifetime, in milliseconds: a start, the boot and a record's time are each known to 10 ms. */
const INACCURACY = (2 * TICK) / 1000;

/**
 * The lifetimes of processes that a unit has, or had as systemd tells.
 * @param pids the processes that are asked for
 */
export async function lifetimes(
  system: System,
  unit: UnitState,
  pids: readonly number[],
): Promise<Lifetimes> {
  const known = [unit.mainPid, unit.controlPid];
  const booted = system.now() - system.uptime();
  const lives = new Map(endedMain(unit));
  for (const pid of pids.filter((one) => one > 0)) {
    // The start is asked for last: if another process gets the ID in between, it is one that was started later.
    const isOwn = known.includes(pid) || (await isInUnit(system, unit, pid));
    const started = isOwn ? await startOf(system, pid) : undefined;
    if (started === undefined) continue;
    lives.set(pid, { from: booted + started / 1000 - INACCURACY, to: Number.POSITIVE_INFINITY });
  }
  return lives;
}

/**
 * The lifetime of the main process if it has ended. systemd reaps it only after it has noted the end: its ID is
 * nobody's until then.
 */
function endedMain(unit: UnitState): [number, Lifetime][] {
  const { execMainPid: pid } = unit;
  const [from, to] = [unit.execMainStartTimestamp / 1000, unit.execMainExitTimestamp / 1000];
  return pid > 0 && to >= from && to > 0 ? [[pid, { from: from - INACCURACY, to }]] : [];
}
