/** Seen runs: which runs of a unit's services were seen, and with which files. They are kept until the next boot. */
import { runsPath } from '../paths/records.js';
import type { Context } from '../system/context.js';
import { orElse } from './failures.js';
import type { Service } from './service.js';
import { isRunning, runOf } from './service-run.js';

/** By its invocation the hash of the files that each run was seen to have. */
export type SeenRuns = ReadonlyMap<string, string>;

/** In the place of a hash: a run that isn't known to have any files of its unit. */
export const NO_FILES = 'untrusted';

/** Larger than any file of seen runs, in bytes. */
const MAX_SIZE = 1 << 20;

/** Runs that are kept of a unit: the last. */
const MOST_RUNS = 5_000;

/** The runs of a unit that were seen; none where that can't be read. */
export async function readSeenRuns({ system, placement }: Context, unit: string): Promise<SeenRuns> {
  const read = () => system.read(runsPath(placement, unit), { limit: MAX_SIZE, trusted: true });
  const file = await orElse(read, undefined);
  const runs = new Map<string, string>();
  for (const line of new TextDecoder().decode(file?.bytes).split('\n')) {
    const [run, hash] = line.split(' ');
    if (run && hash) runs.set(run, hash);
  }
  return runs;
}

/** Adds the runs that services are in. @throws UserError where that can't be written */
export async function addSeenRuns(
  context: Context,
  unit: string,
  services: readonly Service[],
  hash: string,
): Promise<void> {
  const { system, placement } = context;
  const running = services.filter(({ state }) => isRunning(state));
  const runs = running.map(({ name, state }) => runOf(name, state).invocation);
  const all = new Map(await readSeenRuns(context, unit));
  // The file alone tells that a unit was applied, even where nothing runs.
  if (runs.length > 0 && runs.every((run) => all.get(run) === hash)) return;
  for (const run of runs) {
    all.delete(run);
    all.set(run, hash);
  }
  const lines = [...all].slice(-MOST_RUNS).map(([run, of]) => `${run} ${of}\n`);
  await system.replace(runsPath(placement, unit), new TextEncoder().encode(lines.join('')), { mode: 0o644 });
}

export const forgetSeenRuns = ({ system, placement }: Context, unit: string): Promise<void> =>
  system.remove(runsPath(placement, unit));
