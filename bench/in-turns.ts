/**
 * Runs commands in turn and measures whole processes. By itself it prints JSON, for use in a box:
 * `node in-turns.js ROUNDS '[["node", "-e", "0"], …]'`; `services` behind that for commands that start services, `processor`
 * for the processor time of commands and of the programs that they start.
 */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { median, middleMean } from './row.js';

type Commands = readonly (readonly string[])[];

/**
 * @returns the median time of each command from start to end, in milliseconds.
 * @throws Error when a command fails: it may be quick at that.
 */
export const timeInTurns = async (rounds: number, commands: Commands): Promise<number[]> =>
  (await timesOf(rounds, commands, async () => undefined)).map(median);

/** Prints the processor time of a command, user and system, in seconds; what the command prints is dropped. */
const PROCESSOR = 'TIMEFORMAT="%3U %3S"; time "$@" >/dev/null 2>&1';

/** The median processor time of each command, in milliseconds: it depends little on what else the machine does. */
async function timeProcessor(rounds: number, commands: Commands): Promise<number[]> {
  const timed = commands.map((argv) => ['bash', '-c', PROCESSOR, 'bash', ...argv]);
  const sum = (_: number, said: string) =>
    said.split(' ').reduce((all, seconds) => all + 1000 * Number(seconds), 0);
  return (await timesOf(rounds, timed, async () => undefined, sum)).map(median);
}

/**
 * The same for commands that start services: to move a process to its cgroup takes the kernel from nothing to some ticks
 * of its clock. Pauses keep them out of step with that, and the middle half of the times counts.
 */
const timeServices = async (rounds: number, commands: Commands): Promise<number[]> =>
  (await timesOf(rounds, commands, () => sleep(10 + Math.random() * 20))).map(middleMean);

/** @param timeOf a run's time, of how long it took and what it said on standard error */
async function timesOf(
  rounds: number,
  commands: Commands,
  pause: () => Promise<void>,
  timeOf = (took: number, _said: string): number => took,
) {
  // Node reads the file that this variable names at every start, which takes longer than the start itself.
  const { NODE_EXTRA_CA_CERTS, ...env } = process.env;
  const times = commands.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [at, argv] of commands.entries()) {
      await pause();
      const start = performance.now();
      const { status, stderr, error } = spawnSync(argv[0]!, argv.slice(1), { env, encoding: 'utf8' });
      const took = performance.now() - start;
      if (status !== 0) throw new Error(`${argv.join(' ')}: ${error?.message ?? stderr}`);
      // The first round is for the caches.
      if (round >= 0) times[at]!.push(timeOf(took, stderr));
    }
  }
  return times;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , rounds, commands, kind] = process.argv;
  const time = { services: timeServices, processor: timeProcessor }[kind ?? ''] ?? timeInTurns;
  console.log(JSON.stringify(await time(Number(rounds), JSON.parse(commands!))));
}
