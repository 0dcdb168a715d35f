import { inBatches, once } from '../collections.js';
import type { ExistingFile } from '../emit/changes.js';
import { dropInPath, hasNameOfDropIn, runsPath } from '../paths.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import { parseUnitFile } from '../unit/unit-file.js';
import { failureOf } from './failures.js';
import { filesHash } from './files-hash.js';
import { lacksConfinement } from './lacks-confinement.js';
import { readOwnFiles } from './own-files.js';
import { ASKED_AT_ONCE, type Service } from './service.js';
import { isRunning, runOf } from './service-run.js';

/** Which runs of services have a unit's files as they are. */
export interface AppliedRuns {
  readonly unit: string;
  /** Files of ours, as they are. */
  readonly files: readonly ExistingFile[];
  /** Since when they are as and where they are, in milliseconds since 1970; 0 where there are none. */
  readonly since: number;
  /** The runs that had been seen when that was first asked for, by their invocations, and the hash of the files of each. */
  readonly seen: () => Promise<ReadonlyMap<string, string>>;
  /** Runs that are known to have other filters, or of which that can't be told. */
  readonly filters?: ReadonlyMap<string, 'loose' | 'unknown'>;
}

/** Of a unit without files of ours that count. */
export const noAppliedRuns = (unit: string): AppliedRuns => ({
  unit,
  files: [],
  since: 0,
  seen: async () => new Map(),
});

/**
 * Since when a unit's files are what they are. When they were written doesn't tell: what is copied or moved to its place
 * may be as old as it was elsewhere.
 */
export async function appliedRunsOf(
  context: Context,
  unit: string,
  files: readonly ExistingFile[],
): Promise<AppliedRuns> {
  if (files.length === 0) return noAppliedRuns(unit);
  const dropIn = dropInPath(context.placement, unit);
  const moved = await context.system.moved(dropIn.slice(0, dropIn.lastIndexOf('/')));
  const times = files.flatMap(({ modified, changed }) => [modified, changed]);
  const seen = once(() => seenRuns(context, unit));
  return { unit, files, since: Math.max(moved, ...times), seen };
}

/** The same of a unit whose files are yet to be read. */
export const ownAppliedRuns = async (context: Context, unit: string): Promise<AppliedRuns> =>
  appliedRunsOf(context, unit, await readOwnFiles(context, unit));

/**
 * Whether a service runs without its files as they are: one that was seen to run with files of the same effect doesn't,
 * one that was seen to run with others does, whatever the times say, for a folder above that is renamed leaves them. Of
 * one that wasn't seen, they tell since when it runs, and its main process what it lacks.
 */
export async function runsAsBefore(
  context: Context,
  appliedRuns: AppliedRuns,
  properties: UnitProperties,
): Promise<boolean> {
  const { unit, files } = appliedRuns;
  if (!isRunning(properties) || files.length === 0) return false;
  const { invocation } = runOf(unit, properties);
  if (appliedRuns.filters?.get(invocation) === 'loose') return true;
  const seen = (await appliedRuns.seen()).get(invocation);
  if (seen !== undefined) return seen !== (await filesHash(files));
  const isOlder = Number(properties.get('InactiveExitTimestamp')) / 1000 < appliedRuns.since;
  return isOlder || (await lacksWhatIsSet(context, appliedRuns, properties));
}

/** Whether its main process lacks what the drop-in sets: the manager may have read that only after the start. */
async function lacksWhatIsSet(
  { system, placement }: Context,
  { files }: AppliedRuns,
  properties: UnitProperties,
): Promise<boolean> {
  const dropIn = files.find(({ path }) => hasNameOfDropIn(path));
  if (placement.scope === 'user' || !dropIn) return false;
  const set = new Set(parseUnitFile(dropIn.path, dropIn.content).assignments.map(({ key }) => key));
  return lacksConfinement(system, properties, set);
}

/** Larger than any record, in bytes. */
const MAX_SIZE = 1 << 20;

/** Runs that are kept of a unit: the last. */
const MOST_RUNS = 5_000;

/**
 * Keeps that services run with the files of a unit as they are, until the next boot. Where that can't be kept they are
 * restarted once more than they need.
 */
export async function keepRuns(context: Context, unit: string, names: readonly string[]): Promise<void> {
  const ask = async (name: string) => ({ name, properties: await context.system.unit(name) });
  await failureOf(async () =>
    write(context, unit, {
      files: await readOwnFiles(context, unit),
      services: await inBatches(names, ASKED_AT_ONCE, ask),
    }),
  );
}

/** The same before the files are changed, of those that run with them: should they be put back, it still holds. */
export async function keepRunsBefore(
  context: Context,
  appliedRuns: AppliedRuns,
  all: readonly Service[],
): Promise<void> {
  await failureOf(async () => {
    const others = await inBatches(all, ASKED_AT_ONCE, ({ properties }) =>
      runsAsBefore(context, appliedRuns, properties),
    );
    const services = all.filter((_, i) => !others[i]);
    await write(context, appliedRuns.unit, { files: appliedRuns.files, services });
  });
}

/** In the place of a hash: that a run isn't known to have been started by the launcher, whatever its files. */
const UNTRUSTED = 'untrusted';

/**
 * Keeps that others than root could change how services were started: until they are restarted nobody knows what runs,
 * though that may be mended by then.
 */
export async function keepUntrusted(
  context: Context,
  unit: string,
  services: readonly Service[],
): Promise<void> {
  if (!context.superuser || context.offline) return;
  await failureOf(async () => {
    if ((await readOwnFiles(context, unit)).length > 0) await writeRuns(context, unit, services, UNTRUSTED);
  });
}

interface Runs {
  readonly files: readonly ExistingFile[];
  readonly services: readonly Service[];
}

async function write(context: Context, unit: string, { files, services }: Runs): Promise<void> {
  if (files.length > 0) await writeRuns(context, unit, services, await filesHash(files));
}

async function writeRuns(
  context: Context,
  unit: string,
  services: readonly Service[],
  hash: string,
): Promise<void> {
  const { system, placement } = context;
  const running = services.filter(({ properties }) => isRunning(properties));
  const runs = running.map(({ name, properties }) => runOf(name, properties).invocation);
  const all = await seenRuns(context, unit);
  // The record alone tells that a unit was applied, even where nothing runs.
  if (runs.length > 0 && runs.every((run) => all.get(run) === hash)) return;
  for (const run of runs) {
    all.delete(run);
    all.set(run, hash);
  }
  const lines = [...all].slice(-MOST_RUNS).map(([run, of]) => `${run} ${of}\n`);
  await system.replace(runsPath(placement, unit), new TextEncoder().encode(lines.join('')), { mode: 0o644 });
}

/** The same of services that were seen to run with the files of a unit, where it isn't kept yet. */
export async function keepRunsSeen(
  context: Context,
  appliedRuns: AppliedRuns,
  services: readonly Service[],
): Promise<void> {
  const seen = await appliedRuns.seen();
  const hash = await filesHash(appliedRuns.files);
  const running = services.filter(({ name, properties }) => {
    const isKnown = appliedRuns.filters?.get(runOf(name, properties).invocation) !== 'unknown';
    return isRunning(properties) && isKnown;
  });
  if (!running.some(({ name, properties }) => seen.get(runOf(name, properties).invocation) !== hash)) return;
  await failureOf(() => write(context, appliedRuns.unit, { files: appliedRuns.files, services: running }));
}

export const forgetRuns = ({ system, placement }: Context, unit: string): Promise<void> =>
  system.remove(runsPath(placement, unit));

/** The runs that were seen, by their invocations, and the hash of the files that each was seen to run with. */
async function seenRuns({ system, placement }: Context, unit: string): Promise<Map<string, string>> {
  const runs = new Map<string, string>();
  await failureOf(async () => {
    const file = await system.read(runsPath(placement, unit), { limit: MAX_SIZE, trusted: true });
    for (const line of new TextDecoder().decode(file?.bytes).split('\n')) {
      const [run, hash] = line.split(' ');
      if (run && hash) runs.set(run, hash);
    }
  });
  return runs;
}
