import type { System } from '../system/system.js';

/** A tick in microseconds: USER_HZ (time(7)) is 100 on x86-64 and arm64 (include/asm-generic/param.h of the kernel). */
export const TICK = 10_000;

/** The most time between the fork of a process and its program, in milliseconds. */
export const PROGRAM_WITHIN = 500;

/** The most bytes that are read of `stat`: the kernel's text is shorter. */
const MAX_STAT = 1 << 14;

/** The index of the start time in `stat`, counted from 0 behind the process's name. */
const START = 19;

/** The most bytes that are read of `status`: the kernel's text is shorter, which has up to 65,536 groups. */
const MAX_STATUS = 1 << 20;

/**
 * The status of a process or a thread, by the names of proc_pid_status(5); undefined if it has ended.
 * @param process `PID` or `PID/task/TID`
 */
export async function readStatus(
  system: System,
  process: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  const file = await system.read(`/proc/${process}/status`, { limit: MAX_STATUS });
  // A process that ends while its file is open leaves it empty.
  if (!file || file.bytes.length === 0) return undefined;
  const lines = new TextDecoder().decode(file.bytes).split('\n');
  return new Map(lines.map((line) => line.split(':\t') as [string, string]));
}

/** The start of a process, in microseconds since boot, rounded down to ticks; undefined if it has ended. */
export async function startOf(system: System, pid: number): Promise<number | undefined> {
  const file = await system.read(`/proc/${pid}/stat`, { limit: MAX_STAT });
  const text = new TextDecoder().decode(file?.bytes);
  const field = text.slice(text.lastIndexOf(')') + 2).split(' ')[START];
  return field === undefined || !/^\d+$/.test(field) ? undefined : Number(field) * TICK;
}
