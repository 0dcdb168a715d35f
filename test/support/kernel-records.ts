import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildLauncher, sharedFolder } from './native.js';

/** The kernel's records of a program's calls, as they come; undefined if this machine doesn't show them. */
export async function listen(
  name: string,
): Promise<{ readonly records: string[]; readonly stop: () => void } | undefined> {
  const reader = join(dirname(await buildLauncher(sharedFolder())), 'read-records');
  const listener = spawn(reader, { stdio: ['pipe', 'pipe', 'inherit'] });
  const records: string[] = [];
  const lines = createInterface({ input: listener.stdout });
  const ended = once(lines, 'close').then(() => []);
  const [first] = await Promise.race([once(lines, 'line'), ended]);
  if (first !== 'listening') return undefined;
  lines.on('line', (line) => {
    if (line.startsWith('record ') && line.includes(` comm="${name}" `)) records.push(line);
  });
  return { records, stop: () => listener.stdin.end() };
}

/** Of each record the number of the call and what the filter answered: `syscall=63 code=0x7ffc0000`. */
export const answersIn = (records: readonly string[]): string[] =>
  records.map((record) => record.match(/syscall=\d+ |code=\w+/g)!.join(''));
