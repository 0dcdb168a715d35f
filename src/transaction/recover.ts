/** What is done about units that a run has left half changed, whatever ended it. */

import { type Diagnostic, EXIT, error, hasErrors, UserError, warning } from '../diagnostic.js';
import { installedLauncher, isRuntimePath, isTemporaryName, undoFolder } from '../paths.js';
import { serviceName } from '../prepare/load/load-unit.js';
import { atWork, restartObstacle } from '../restart/service-obstacles.js';
import { failuresOf } from '../state/failures.js';
import { leftAsItRuns } from '../state/notes.js';
import { type Service, servicesOf } from '../state/service.js';
import { hasFailed, isRunning, type ServiceRun } from '../state/service-run.js';
import { stopUnit } from '../state/stop-unit.js';
import type { Context } from '../system/context.js';
import { bootId, forgetUndo, readUndos, unfinishedUnits } from './keep-record.js';
import { changedSince, rollBackUnchanged } from './roll-back.js';
import type { Undo } from './undo-record.js';
import { standsOf } from './write.js';

/**
 * Puts units back that a run has left half changed. Whoever calls it has the lock.
 * @returns what is to be said of it
 * @throws UserError where files of one can't be put back: what is to be done next could make it worse
 */
export async function recover(context: Context): Promise<readonly Diagnostic[]> {
  const { system } = context;
  const undos = await readUndos(context, await unfinishedUnits(context));
  const changed = undos.flatMap(({ files }) => files.map(({ path }) => folderOf(path)));
  const left = await filesOnTheirWay(context, [...ownFolders(context), ...new Set(changed)]);
  for (const path of left) await system.remove(path);
  if (undos.length === 0) return [];
  const boot = await bootId(context);
  const found: Diagnostic[] = [];
  const due: Undo[] = [];
  for (const undo of undos) {
    const way = await wayBack(context, undo, boot);
    if ('unit' in way) due.push(way);
    else {
      found.push(...way.said);
      await forgetUndo(context, undo.unit);
    }
  }
  const settle = (undo: Undo) => settleServices(context, undo, boot);
  const problems = await rollBackUnchanged(context, due, { settle });
  for (const [i, { unit }] of due.entries()) {
    found.push(hasErrors(problems[i]!) ? notBack(unit) : isBack(unit), ...problems[i]!);
  }
  if ((await unfinishedUnits(context)).length > 0) throw new UserError(found, EXIT.failure);
  return found;
}

const isBack = (unit: string): Diagnostic =>
  warning(
    'put-back',
    `a run was ended while it changed ${unit}, which is put back, and runs, as it was before`,
  );

const notBack = (unit: string): Diagnostic =>
  warning('half-done', `${unit} was left half changed by a run that was ended, and can't be put back`);

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** Where files are written that belong to no unit alone. */
const ownFolders = ({ placement }: Context): string[] => [
  undoFolder(placement),
  folderOf(installedLauncher(placement)),
];

/** Files in folders of no unit alone that were never put in their places. */
export const strayFiles = (context: Context): Promise<string[]> =>
  filesOnTheirWay(context, ownFolders(context));

async function filesOnTheirWay({ system }: Context, folders: readonly string[]): Promise<string[]> {
  const names = async (folder: string) => (await system.list(folder)).filter(isTemporaryName);
  const found = folders.map(async (folder) => (await names(folder)).map((name) => `${folder}/${name}`));
  return (await Promise.all(found)).flat();
}

/**
 * What is to be put back of a unit, or what is to be said where nothing is. Since another boot its services run as the
 * boot has them, without what is gone with the boot before.
 */
async function wayBack(
  context: Context,
  undo: Undo,
  boot: string,
): Promise<Undo | { readonly said: readonly Diagnostic[] }> {
  const { system, placement } = context;
  const isSameBoot = undo.boot === boot;
  const files = undo.files.filter(({ path }) => isSameBoot || !isRuntimePath(placement, path));
  const stands = await standsOf(system, files);
  if (stands.includes('other'))
    return { said: [{ ...changedSince(context, undo.unit), severity: 'warning' }] };
  if (isSameBoot) return undo;
  if (!stands.includes('after')) return { said: [] };
  const services = await servicesOf(context, serviceName(undo.unit));
  return { ...undo, files, affected: [], restarted: true, runs: services.flatMap(runsAnyhow) };
}

/** A run that no other one is the same as: what runs, or should, is restarted. */
const runsAnyhow = ({ name: unit, properties }: Service): ServiceRun[] =>
  isRunning(properties) || hasFailed(properties) ? [{ unit, invocation: '' }] : [];

/** What didn't run before and does now: it was started with files that are gone. */
function settleServices(context: Context, undo: Undo, boot: string): Promise<readonly Diagnostic[]> {
  return failuresOf(async () => {
    if (undo.boot !== boot) return [];
    const ran = new Set(undo.runs.map(({ unit }) => unit));
    const services = await servicesOf(context, serviceName(undo.unit));
    const started = services.filter(({ name, properties }) => !ran.has(name) && isRunning(properties));
    const settled = started.map(async ({ name, properties }) => {
      if (undo.starts && undo.restarted) return stopUnit(context, name);
      const obstacle = atWork(properties) ?? restartObstacle(properties);
      if (obstacle !== undefined) return [leftAsItRuns(name, obstacle)];
      const result = await context.caller.tellIfLong(`${name}: waiting for its restart …`, () =>
        context.system.restart(name),
      );
      return result === 'done' ? [] : [error('service-down', `${name} doesn't start as it was: '${result}'`)];
    });
    return (await Promise.all(settled)).flat();
  });
}
