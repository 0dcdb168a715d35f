/** When the processes of a unit ran: their IDs are others' before and after. */

import { isInUnit } from '../state/control-group.js';
import { mainPid } from '../state/main-process.js';
import { startOf, TICK } from '../state/process-status.js';
import type { System, UnitProperties } from '../system/system.js';

/** From when to when, in milliseconds since 1970. */
interface Lifetime {
  readonly from: number;
  readonly to: number;
}

/** By process ID. */
export type Lifetimes = ReadonlyMap<number, Lifetime>;

export const isWithin = (life: Lifetime | undefined, time: number): boolean =>
  life !== undefined && life.from <= time && time <= life.to;

/** A start, the boot and a record's time are each known to 10 ms, in milliseconds. */
const INACCURACY = (2 * TICK) / 1000;

/** The processes that a unit has, or had by systemd: when they ran. @param pids those that are asked for */
export async function lifetimes(
  system: System,
  unit: UnitProperties,
  pids: readonly number[],
): Promise<Lifetimes> {
  const known = [mainPid(unit), Number(unit.get('ControlPID') ?? 0)];
  const booted = await system.booted();
  const lives = new Map(endedMain(unit));
  for (const pid of pids.filter((one) => one > 0)) {
    // In this order: the ID may go to another process in between, which is one that was started later.
    const isOwn = known.includes(pid) || (await isInUnit(system, unit, pid));
    const started = isOwn ? await startOf(system, pid) : undefined;
    if (started === undefined) continue;
    lives.set(pid, { from: booted + started / 1000 - INACCURACY, to: Number.POSITIVE_INFINITY });
  }
  return lives;
}

/** The main process where it has ended. systemd reaps it only after it has noted the end: its ID is nobody's until then. */
function endedMain(unit: UnitProperties): [number, Lifetime][] {
  const at = (name: string) => Number(unit.get(name) ?? 0) / 1000;
  const [from, to] = [at('ExecMainStartTimestamp'), at('ExecMainExitTimestamp')];
  const pid = Number(unit.get('ExecMainPID') ?? 0);
  return pid > 0 && to >= from && to > 0 ? [[pid, { from: from - INACCURACY, to }]] : [];
}
