import type { System } from '../system/system.js';

/** USER_HZ is 100 on every machine (proc_pid_stat(5)): a tick in microseconds. */
export const TICK = 10_000;

/** Larger than what the kernel says of a process in its `stat`, in bytes. */
const MAX_STAT = 1 << 14;

/** Which field of `stat`, counted from 0 behind the process's name, is its start. */
const START = 19;

/** Larger than what the kernel says of a process in its `status`, in bytes. */
const MAX_STATUS = 1 << 16;

/**
 * What the kernel says of a process or a thread, by the names of proc_pid_status(5); undefined where it has ended.
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

/** When a process was started, in microseconds since boot, rounded down to ticks; undefined where it has ended. */
export async function startOf(system: System, pid: number): Promise<number | undefined> {
  const file = await system.read(`/proc/${pid}/stat`, { limit: MAX_STAT });
  const text = new TextDecoder().decode(file?.bytes);
  const field = text.slice(text.lastIndexOf(')') + 2).split(' ')[START];
  return field === undefined || !/^\d+$/.test(field) ? undefined : Number(field) * TICK;
}
