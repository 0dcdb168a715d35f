/**
 * Runs commands in turn and measures whole processes. By itself it prints JSON, for use in a box:
 * `node in-turns.js ROUNDS '[["node", "-e", "0"], …]'`.
 */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { median } from './row.js';

/**
 * @returns the median time of each command from start to end, in milliseconds.
 * @throws Error when a command fails: it may be quick at that.
 */
export function timeInTurns(rounds: number, commands: readonly (readonly string[])[]): number[] {
  // Node reads the file that this variable names at every start, which takes longer than the start itself.
  const { NODE_EXTRA_CA_CERTS, ...env } = process.env;
  const times = commands.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [at, argv] of commands.entries()) {
      const start = performance.now();
      const { status, stderr, error } = spawnSync(argv[0]!, argv.slice(1), { env, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${argv.join(' ')}: ${error?.message ?? stderr}`);
      // The first round is for the caches.
      if (round >= 0) times[at]!.push(performance.now() - start);
    }
  }
  return times.map(median);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(JSON.stringify(timeInTurns(Number(process.argv[2]), JSON.parse(process.argv[3]!))));
}
