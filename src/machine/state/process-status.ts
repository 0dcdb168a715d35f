import type { ReadOptions, System } from '../system.js';

/** A tick in microseconds: USER_HZ (time(7)) is 100 on x86-64 and arm64 (include/asm-generic/param.h of the kernel). */
export const TICK = 10_000;

/** The most time between the fork of a process and its program, in milliseconds. */
export const PROGRAM_WITHIN = 500;

/** The index of the start time in `stat`, counted from 0 behind the process's name. */
const START = 19;

/** The text of a file, as the kernel has many; undefined where there is none. */
export async function fileText(
  system: System,
  path: string,
  options: ReadOptions = {},
): Promise<string | undefined> {
  const file = await system.read(path, options);
  return file && new TextDecoder().decode(file.bytes);
}

/**
 * The status of a process or a thread, by the names of proc_pid_status(5); undefined if it has ended.
 * @param process `PID` or `PID/task/TID`
 */
export async function readStatus(
  system: System,
  process: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  const text = await fileText(system, `/proc/${process}/status`);
  // A process that ends while its file is open leaves it empty.
  return text ? new Map(text.split('\n').map((line) => line.split(':\t') as [string, string])) : undefined;
}

/** The start of a process, in microseconds since boot, rounded down to ticks; undefined if it has ended. */
export async function startOf(system: System, pid: number): Promise<number | undefined> {
  const text = (await fileText(system, `/proc/${pid}/stat`)) ?? '';
  const field = text.slice(text.lastIndexOf(')') + 2).split(' ')[START];
  return field === undefined || !/^\d+$/.test(field) ? undefined : Number(field) * TICK;
}
