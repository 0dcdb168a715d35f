import type { System } from '../system/system.js';

/** Larger than what the kernel says of a process, in bytes. */
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
