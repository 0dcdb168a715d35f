/** Records and locks: what is kept of changes, watches and runs. */

import { isServiceName } from '../unit/name.js';
import { type Placement, places, runtimeFolder, unitDirectory } from './placement.js';

/** The record, below a folder of many machines' files, of those that were made for a unit. */
export const madeRecord = (unit: string): string => `/.sandbox-unit/${unit}`;

/** The lock of a run that changes units of one manager. */
export const lockPath = (placement: Placement): string => `${runtimeFolder(placement)}/lock`;

/** The listing of systemd's sets of system calls. */
export const setsPath = (placement: Placement): string => `${runtimeFolder(placement)}/syscall-sets`;

/** The folder of watches under way: of each a lock, and a file that tells how it goes. */
export const watchesFolder = (placement: Placement): string => `${runtimeFolder(placement)}/watches`;

/** @param unit the full name, checked */
export const watchPath = (placement: Placement, unit: string): string =>
  `${watchesFolder(placement)}/${unit}`;

/** The suffix of locks, which no unit has. */
const LOCK = '.lock';

/** @param unit the full name, checked */
export const watchLockPath = (placement: Placement, unit: string): string =>
  `${watchPath(placement, unit)}${LOCK}`;

/** The folder of files that say which units were confined since the boot, and which of their runs can't be trusted. */
export const confinedFolder = (placement: Placement): string => `${runtimeFolder(placement)}/runs`;

/** @param unit the full name, checked */
export const confinedPath = (placement: Placement, unit: string): string =>
  `${confinedFolder(placement)}/${unit}`;

/** The folder of records of filters that running processes were given. */
export const injectionsFolder = (placement: Placement): string => `${runtimeFolder(placement)}/injections`;

/** @param unit the full name, checked */
export const injectionsPath = (placement: Placement, unit: string): string =>
  `${injectionsFolder(placement)}/${unit}`;

/**
 * The filter file of a unit whose running processes are about to be given it.
 * @param unit the full name, checked
 */
export const injectedFilterPath = (placement: Placement, unit: string): string =>
  `${runtimeFolder(placement)}/filters/${unit}`;

/**
 * The lock of a run that gives the running processes of a unit a filter, or records that.
 * @param unit the full name, checked
 */
export const injectionLockPath = (placement: Placement, unit: string): string =>
  `${injectedFilterPath(placement, unit)}${LOCK}`;

/** The folder of undo records: the state of a unit before a change, until the change is done. */
export const undoFolder = ({ scope, home }: Placement): string =>
  scope === 'system' ? '/var/lib/sandbox-unit' : `${home}/.local/state/sandbox-unit`;

/**
 * The suffix of undo records. It isn't longer than the `.d` of a folder of drop-ins: any unit that can have one has
 * room for it.
 */
const UNDO = '.u';

/**
 * The path of a unit's undo record.
 * @param unit the full name, checked
 */
export const undoPath = (placement: Placement, unit: string): string =>
  `${undoFolder(placement)}/${unit}${UNDO}`;

/** The unit of an undo record, by the file's name; undefined for other files. */
export function unitOfUndo(file: string): string | undefined {
  const unit = file.slice(0, -UNDO.length);
  return file.endsWith(UNDO) && isServiceName(unit) ? unit : undefined;
}

/** The name of the folder, beside undo records, of those of `activate`, the script for hosts without Node. */
export const ACTIVATIONS = 'activate';

/** The path of the folder. */
export const activationsFolder = `/var/lib/sandbox-unit/${ACTIVATIONS}`;

/** The name of what undoes changes that are not confirmed in time: the unit for the next boot, and the beginning of timers'. */
export const ROLLBACK = 'sandbox-unit-undo';

/** The path of the unit for the next boot; it is there while changes wait. */
export const rollbackUnitPath = (placement: Placement): string =>
  `${unitDirectory(placement)}/${ROLLBACK}.service`;

/** The path of the drop-in by which a boot starts it, whatever its target (bootup(7)). */
export const rollbackStartPath = (placement: Placement): string =>
  `${unitDirectory(placement)}/basic.target.d/${ROLLBACK}.conf`;

/** The paths of both, in the order of LIFETIMES. */
export const rollbackPaths = (placement: Placement): string[] =>
  places(placement).flatMap((place) => [rollbackUnitPath(place), rollbackStartPath(place)]);

/** The folder of what a watch has seen refused to units since their starts. */
export const refusalsFolder = (placement: Placement): string => `${runtimeFolder(placement)}/refusals`;

/** @param unit the full name, checked */
export const refusalsPath = (placement: Placement, unit: string): string =>
  `${refusalsFolder(placement)}/${unit}`;
