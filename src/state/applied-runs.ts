import { inBatches, once } from '../collections.js';
import type { ExistingFile } from '../emit/changes.js';
import { dropInPath } from '../paths/own-files.js';
import type { Context } from '../system/context.js';
import { orElse } from './failures.js';
import { filesHash } from './files-hash.js';
import { readOwnFiles } from './own-files.js';
import { addSeenRuns, NO_FILES, readSeenRuns, type SeenRuns } from './seen-runs.js';
import { ASKED_AT_ONCE, type Service } from './service.js';
import { isRunning, runOf } from './service-run.js';

/** Which runs of services have a unit's files as they are. */
export interface AppliedRuns {
  readonly unit: string;
  /** Files of ours, as they are. */
  readonly files: readonly ExistingFile[];
  /** Since when they are as and where they are, in milliseconds since 1970; 0 where there are none. */
  readonly since: number;
  /** The unit's seen runs, as they were when they were first asked for. */
  readonly seen: () => Promise<SeenRuns>;
  /** Whether a run's main process shows that it lacks what the files set; undefined where that isn't looked at. */
  readonly lacks?: (context: Context, service: Service) => Promise<boolean>;
  /** Compares the filters of a run with the plan, once; undefined where that isn't to be done. */
  readonly comparedFilters?: (service: Service) => Promise<ComparedFilters>;
}

export type ComparedFilters = 'alike' | 'looser' | 'unknown';

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
  const seen = once(() => readSeenRuns(context, unit));
  return { unit, files, since: Math.max(moved, ...times), seen };
}

/** Of a unit whose files are yet to be read. */
export const ownAppliedRuns = async (context: Context, unit: string): Promise<AppliedRuns> =>
  appliedRunsOf(context, unit, await readOwnFiles(context, unit));

/**
 * Whether a service runs without its files as they are: seen runs decide, whatever the times say. Of a run that
 * wasn't seen, a start before the files were there tells, then its main process, then its filters.
 */
export async function runsAsBefore(
  context: Context,
  appliedRuns: AppliedRuns,
  service: Service,
): Promise<boolean> {
  const { files, since, seen, lacks, comparedFilters } = appliedRuns;
  const { name, state } = service;
  if (!isRunning(state) || files.length === 0) return false;
  const hash = (await seen()).get(runOf(name, state).invocation);
  if (hash !== undefined) return hash !== (await filesHash(files));
  if (state.inactiveExitTimestamp / 1000 < since) return true;
  return (await lacks?.(context, service)) === true || (await comparedFilters?.(service)) === 'looser';
}

/**
 * Keeps that services run with the files of a unit as they are. Where that can't be kept they are restarted once
 * more than they need.
 */
export async function keepRuns(context: Context, unit: string, names: readonly string[]): Promise<void> {
  const ask = async (name: string) => ({ name, state: await context.system.unit(name) });
  const keep = async () =>
    addSeen(context, unit, {
      files: await readOwnFiles(context, unit),
      services: await inBatches(names, ASKED_AT_ONCE, ask),
    });
  await orElse(keep, undefined);
}

/** Keeps which services run with the files, before these are changed: should they be put back, it still holds. */
export async function keepRunsBefore(
  context: Context,
  appliedRuns: AppliedRuns,
  all: readonly Service[],
): Promise<void> {
  const { unit, files } = appliedRuns;
  const keep = async () => {
    const others = await inBatches(all, ASKED_AT_ONCE, (one) => runsAsBefore(context, appliedRuns, one));
    await addSeen(context, unit, { files, services: all.filter((_, i) => !others[i]) });
  };
  await orElse(keep, undefined);
}

/** Keeps runs that turned out to have the files, unless their filters couldn't be compared. */
export async function keepRunsFound(
  context: Context,
  { unit, files, seen, comparedFilters }: AppliedRuns,
  all: readonly Service[],
): Promise<void> {
  const known = await seen();
  const found: Service[] = [];
  for (const service of all) {
    const { name, state } = service;
    if (!isRunning(state) || known.has(runOf(name, state).invocation)) continue;
    if ((await comparedFilters?.(service)) !== 'unknown') found.push(service);
  }
  if (found.length > 0) await orElse(() => addSeen(context, unit, { files, services: found }), undefined);
}

/**
 * Keeps that nobody knows with which files services run: others than root could change how they were started, though
 * that may be mended by now.
 */
export async function keepUntrusted(
  context: Context,
  unit: string,
  services: readonly Service[],
): Promise<void> {
  if (!context.superuser || context.offline) return;
  if ((await readOwnFiles(context, unit)).length > 0) await keepWithoutFiles(context, unit, services);
}

/** Keeps that services aren't known to run with any files of a unit. */
export async function keepWithoutFiles(
  context: Context,
  unit: string,
  services: readonly Service[],
): Promise<void> {
  await orElse(() => addSeenRuns(context, unit, services, NO_FILES), undefined);
}

interface Runs {
  readonly files: readonly ExistingFile[];
  readonly services: readonly Service[];
}

async function addSeen(context: Context, unit: string, { files, services }: Runs): Promise<void> {
  if (files.length > 0) await addSeenRuns(context, unit, services, await filesHash(files));
}
