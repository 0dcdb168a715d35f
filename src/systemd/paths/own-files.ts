/** Files of a unit that are ours: the drop-in, and the files beside it. */

import { type Placement, places, unitDirectory } from './placement.js';

/** Names of our files sort after other tools', so that no drop-in of theirs comes later. */
const DROP_IN = 'zz-sandbox-unit.conf';
const FILTER = 'zz-sandbox-unit.filter';
const READY_FILTER = 'zz-sandbox-unit.ready-filter';
const PROGRAMS = 'zz-sandbox-unit.programs';
const KEPT_POLICY = 'zz-sandbox-unit.toml';

/**
 * The path of a unit's drop-in.
 * @param unit the full name, checked
 */
export const dropInPath = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${DROP_IN}`;

/**
 * The path of a unit's filter file.
 * @param unit the full name, checked
 */
export const filterPath = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${FILTER}`;

/**
 * The path of the filter file of `[ready]`.
 * @param unit the full name, checked
 */
export const readyFilterPath = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${READY_FILTER}`;

/**
 * The path of the text of a policy that came by standard input. systemd doesn't read it, for it takes only *.conf.
 * @param unit the full name, checked
 */
export const keptPolicyPath = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${KEPT_POLICY}`;

/** Whether a file, of whatever unit and directory, has the name of such a text. */
export const hasNameOfKeptPolicy = (path: string): boolean => path.endsWith(`/${KEPT_POLICY}`);

/** Whether a path is that of such a text for a unit. */
export const isKeptPolicy = (placement: Placement, unit: string, path: string): boolean =>
  places(placement).some((place) => path === keptPolicyPath(place, unit));

/** The folder of files that `[exec] programs`, a key of earlier versions, made: `revert` and `apply` take them away. */
export const programsFolder = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${PROGRAMS}`;

/** The paths of what a plan gives a unit. */
export const plannedPaths = (placement: Placement, unit: string) => ({
  dropIn: dropInPath(placement, unit),
  filterFile: filterPath(placement, unit),
  readyFile: readyFilterPath(placement, unit),
});

/** The paths where our drop-in of a unit may be, in the order of LIFETIMES. */
export const ownDropInPaths = (placement: Placement, unit: string): string[] =>
  places(placement).map((place) => dropInPath(place, unit));

/** Whether a drop-in, of whatever unit and directory, has the name of ours. */
export const hasNameOfDropIn = (path: string): boolean => path.endsWith(`/${DROP_IN}`);

/** The filter that belongs to a drop-in of ours, by the drop-in's path. */
export const filterBeside = (dropIn: string): string => `${dropIn.slice(0, -DROP_IN.length)}${FILTER}`;
export const readyFilterBeside = (dropIn: string): string =>
  `${dropIn.slice(0, -DROP_IN.length)}${READY_FILTER}`;

/** Whether a line or a path names a filter of ours. */
export const namesFilter = (line: string): boolean => line.includes(`/${FILTER}`);

/** Whether a line or a path names a filter of ours for a service that serves. */
export const namesReadyFilter = (line: string): boolean => line.includes(`/${READY_FILTER}`);

/** Whether a folder among these holds the files of a further program of one name. */
export const isNumberedFolder = (name: string): boolean => /^~\d+$/.test(name);

/** Whether a line mounts such files: the launcher starts a program then that no Exec line names. */
export const mountsPrograms = (line: string): boolean => line.includes(`/${PROGRAMS}/`);

/** The name of a file until it is complete; systemd doesn't read it, for it takes only *.conf. */
export const temporaryName = (unique: string): string => `.sandbox-unit-${unique}.tmp`;

/** Whether a file has the name of one that wasn't completed. */
export const isTemporaryName = (name: string): boolean => /^\.sandbox-unit-[0-9a-f-]+\.tmp$/.test(name);

/** Whether a path is that of a file of ours for a unit; those of installed programs aren't. */
export function isOwnPath(placement: Placement, unit: string, path: string): boolean {
  return places(placement).some((at) => {
    const folder = `${programsFolder(at, unit)}/`;
    const isProgram = path.startsWith(folder) && /^(?:~\d+\/)?[^/]+$/.test(path.slice(folder.length));
    const own = [dropInPath, filterPath, readyFilterPath, keptPolicyPath].map((of) => of(at, unit));
    return own.includes(path) || isProgram;
  });
}
