import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sharedFolder } from './native.js';
import { compile } from './service.js';

/** The kernel's records of a program's calls, as they come; undefined if this machine doesn't show them. */
export async function listen(
  name: string,
): Promise<{ readonly records: string[]; readonly stop: () => void } | undefined> {
  const program = join(sharedFolder(), 'seccomp-records');
  await compile(['test/systemd/programs/seccomp-records.c'], program);
  const listener = spawn(program, [name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const records: string[] = [];
  const lines = createInterface({ input: listener.stdout });
  lines.on('line', (record) => records.push(record));
  const [first] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  if (first !== 'listening') return undefined;
  records.length = 0;
  return { records, stop: () => listener.kill() };
}

/** Of each record the number of the call and what the filter answered: `syscall=63 code=0x7ffc0000`. */
export const answersIn = (records: readonly string[]): string[] =>
  records.map((record) => record.match(/syscall=\d+ |code=\w+/g)!.join(''));
