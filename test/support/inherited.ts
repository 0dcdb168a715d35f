import { spawnSync } from 'node:child_process';
import { setPriority } from 'node:os';

/** Soft limits of a login that are less than the hard ones: prlimit(1). */
const USUAL: ReadonlyMap<string, number> = new Map([
  ['CORE', 0],
  ['NOFILE', 1024],
  ['STACK', 8 << 20],
]);

/**
 * Takes back what this process has inherited from a caller with habits of their own (`nice make`, `umask 077`,
 * `ulimit -S -n 64`), for all that it starts. Hard limits, and without root the priority, can't be taken back.
 */
export function resetInherited(): void {
  process.umask(0o022);
  try {
    setPriority(0);
  } catch {
    // Only root may.
  }
  const prlimit = (...words: string[]) =>
    spawnSync('prlimit', ['--pid', `${process.pid}`, ...words], { encoding: 'utf8' }).stdout ?? '';
  const limits = prlimit('--raw', '--noheadings', '--output=RESOURCE,HARD').trim().split('\n');
  prlimit(...limits.map(softLimit));
}

/** Line by line `NOFILE 20000`, as an option that sets the soft limit. */
function softLimit(line: string): string {
  const [name = '', hard = ''] = line.split(/ +/);
  const usual = USUAL.get(name);
  const soft = usual === undefined || Number(hard) < usual ? hard : usual;
  return `--${name.toLowerCase()}=${soft}:`;
}
