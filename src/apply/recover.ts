/**
 * Recovery: the next run rolls back units that a run has left half changed, whatever ended that, and changes that were not
 * confirmed in time.
 */

import { asWarning, type Diagnostic, EXIT, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { type Service, servicesOf } from '../machine/state/service.js';
import { hasFailed, isRunning, type ServiceRun } from '../machine/state/service-run.js';
import { exists } from '../prepare/load/exists.js';
import { serviceName } from '../prepare/load/load-unit.js';
import { isTemporaryName } from '../systemd/paths/own-files.js';
import { isRuntimePath } from '../systemd/paths/placement.js';
import { installedLauncher } from '../systemd/paths/programs.js';
import { undoFolder } from '../systemd/paths/records.js';
import { folderOf } from '../systemd/unit/path.js';
import { readPending, unitsToUndo } from './confirm/pending.js';
import { cancelRollback } from './confirm/rollback-timer.js';
import { changedSince, fileStates } from './steps/files.js';
import type { FileUndo, UndoRecord } from './undo-record.js';
import { bootId, forgetUndoRecord, isSameKernel, type UnreadableRecord } from './undo-record.js';

/**
 * Rolls units back that a run has left half changed, or that were not confirmed in time. The caller has the lock.
 * @returns what is to be said of it
 * @throws UserError where files of one can't be put back, or its record can't be read, when all others are rolled back: what
 *   is to be done next could make it worse
 */
export async function recover(context: Context): Promise<readonly Diagnostic[]> {
  const { system } = context;
  const { due: records, unreadable } = await readPending(context);
  const changed = records.flatMap(({ files }) => files.map(({ path }) => folderOf(path)));
  const left = await filesOnTheirWay(context, [...ownFolders(context), ...new Set(changed)]);
  for (const path of left) await system.remove(path);
  if (records.length === 0) return unlessUnreadable([], unreadable);
  const boot = await bootId(context);
  const found: Diagnostic[] = [];
  const due: UndoRecord[] = [];
  for (const record of records) {
    const one = await dueOf(context, record, boot);
    if ('unit' in one) due.push(one);
    else {
      found.push(...one.said);
      await forgetUndoRecord(context, record.unit);
    }
  }
  const { rollBack, saidOfRollBack } = await import('./roll-back.js');
  const problems = await rollBack(context, due);
  found.push(...due.flatMap((record, i) => saidOfRollBack(record, problems[i]!)));
  await cancelRollback(context);
  const stay = new Set(await unitsToUndo(context));
  if (records.some(({ unit }) => stay.has(unit))) throw new UserError(found, EXIT.failure);
  return unlessUnreadable(found, unreadable);
}

/** @throws UserError about records that can't be read */
function unlessUnreadable(
  found: readonly Diagnostic[],
  unreadable: readonly UnreadableRecord[],
): readonly Diagnostic[] {
  if (unreadable.length === 0) return found;
  const causes = unreadable.map(({ cause }) => cause);
  const said = causes.flatMap(({ diagnostics }) => diagnostics);
  throw new UserError([...found, ...said], Math.max(...causes.map(({ exit }) => exit)));
}

/** Folders of files that belong to no unit alone. */
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
 * Finds what is rolled back of a unit, or the diagnostics where nothing is. After another boot its services run as that
 * boot has started them.
 */
async function dueOf(
  context: Context,
  record: UndoRecord,
  boot: string,
): Promise<UndoRecord | { readonly said: readonly Diagnostic[] }> {
  const isSameBoot = record.boot === boot;
  const files = isSameBoot ? record.files : await leftByBoot(context, record, boot);
  const states = await fileStates(context.system, files);
  if (states.includes('other')) return { said: [asWarning(changedSince(context, record.unit))] };
  if (isSameBoot) return record;
  if (!states.includes('after')) return { said: [] };
  const services = await servicesOf(context, serviceName(record.unit));
  return { ...record, files, affected: [], step: 'restart', runs: services.flatMap(runsAnyhow) };
}

/**
 * The files of a record but those below /run that a boot has taken away. A soft-reboot leaves them
 * (systemd-soft-reboot.service(8)).
 */
async function leftByBoot(
  { system, placement }: Context,
  { files, boot }: UndoRecord,
  now: string,
): Promise<readonly FileUndo[]> {
  const paths = files.map(({ path }) => path).filter((path) => isRuntimePath(placement, path));
  const isThere = await Promise.all(paths.map((path) => exists(system, path)));
  const absent = new Set(paths.filter((_, i) => !isThere[i]));
  const areLeft = isSameKernel(boot, now) && files.every(({ path, after }) => !after || !absent.has(path));
  return areLeft ? files : files.filter(({ path }) => !absent.has(path));
}

/** A run that equals no other one, so that a service that runs, or should, is restarted. */
const runsAnyhow = ({ name: unit, state }: Service): ServiceRun[] =>
  isRunning(state) || hasFailed(state) ? [{ unit, invocation: '' }] : [];
