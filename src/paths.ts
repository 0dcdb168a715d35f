import type { Scope } from './unit/search.js';

/** Every path that the program writes, and none besides. */

import { isServiceName } from './unit/name.js';

/** Names sort after those of other tools, so that no drop-in of theirs comes later. */
const DROP_IN = 'zz-sandbox-unit.conf';
const FILTER = 'zz-sandbox-unit.filter';
const PROGRAMS = 'zz-sandbox-unit.programs';

/** Where a package puts the launcher. */
export const PACKAGED_LAUNCHER = '/usr/libexec/sandbox-unit/launcher';

/** Where a package puts another program of the native helper. */
export const packagedProgram = (name: string): string => `/usr/libexec/sandbox-unit/${name}`;

/** Where `apply` puts the launcher if no package has. */
export const installedLauncher = ({ scope, home }: Placement): string =>
  `${scope === 'system' ? '/usr/local' : `${home}/.local`}/libexec/sandbox-unit/launcher`;

/**
 * How long files are for: `always`; `runtime`, until the next boot; `run`, for one run of a service, in the place of
 * what is there otherwise, and no longer than until the next boot.
 */
export type Lifetime = 'always' | 'runtime' | 'run';

/** In the order in which systemd looks (systemd.unit(5)): of drop-ins of one name the first is read. */
export const LIFETIMES: readonly Lifetime[] = ['run', 'always', 'runtime'];

export interface Placement {
  readonly scope: Scope;
  readonly lifetime: Lifetime;
  /** The user's home and runtime directory; for scope `user`. */
  readonly home?: string;
  readonly runtimeDirectory?: string;
}

const runtimeFolder = ({ scope, runtimeDirectory }: Placement): string =>
  `${scope === 'system' ? '/run' : runtimeDirectory}/sandbox-unit`;

/** Where the manager keeps the files of transient units, as long as they are loaded. */
export const transientFolder = ({ scope, runtimeDirectory }: Placement): string =>
  `${scope === 'system' ? '/run' : runtimeDirectory}/systemd/transient`;

function unitDirectory({ scope, lifetime, home, runtimeDirectory }: Placement): string {
  const runtime = scope === 'system' ? '/run' : runtimeDirectory;
  if (lifetime === 'run') return `${runtime}/systemd/${scope}.control`;
  if (lifetime === 'runtime') return `${runtime}/systemd/${scope}`;
  return scope === 'system' ? '/etc/systemd/system' : `${home}/.config/systemd/user`;
}

const places = (placement: Placement): Placement[] =>
  LIFETIMES.map((lifetime) => ({ ...placement, lifetime }));

/** Where drop-ins may be that use the installed launcher, in the order of LIFETIMES. */
export const unitDirectories = (placement: Placement): string[] => places(placement).map(unitDirectory);

/** @param unit the full name, checked */
export const dropInPath = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${DROP_IN}`;

/** @param unit the full name, checked */
export const filterPath = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${FILTER}`;

/** Folder of the mount points of `[exec] programs`. */
export const programsFolder = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${PROGRAMS}`;

/** Where our drop-in of a unit may be, in the order of LIFETIMES. */
export const ownDropInPaths = (placement: Placement, unit: string): string[] =>
  places(placement).map((place) => dropInPath(place, unit));

/** Whether a drop-in, of whatever unit and directory, has the name of ours. */
export const hasNameOfDropIn = (path: string): boolean => path.endsWith(`/${DROP_IN}`);

/** Whether a line or a path names a filter of ours. */
export const namesFilter = (line: string): boolean => line.includes(`/${FILTER}`);

/** The files of `[exec] programs` that a line names, without their folder. */
export const programNamesIn = (line: string): string[] =>
  [...line.matchAll(new RegExp(`/${PROGRAMS}/([A-Za-z0-9_+.@-]+)`, 'g'))].map(([, name]) => name!);

/** A file on its way to the name that it shall have; one that systemd doesn't read, for it takes only *.conf. */
export const temporaryName = (unique: string): string => `.sandbox-unit-${unique}.tmp`;

/** Whether a file was left on its way. */
export const isTemporaryName = (name: string): boolean => /^\.sandbox-unit-[0-9a-f-]+\.tmp$/.test(name);

/** Held by whoever changes units of one manager. */
export const lockPath = (placement: Placement): string => `${runtimeFolder(placement)}/lock`;

export const runsFolder = (placement: Placement): string => `${runtimeFolder(placement)}/runs`;

/** Where it is kept which runs of a unit have its files as they are. @param unit the full name, checked */
export const runsPath = (placement: Placement, unit: string): string => `${runsFolder(placement)}/${unit}`;

/** Where it is kept what there was before a unit was changed, until the change is done. */
export const undoFolder = ({ scope, home }: Placement): string =>
  scope === 'system' ? '/var/lib/sandbox-unit' : `${home}/.local/state/sandbox-unit`;

/** No longer than the `.d` of the folder of drop-ins: any unit that can have one has room for it. */
const UNDO = '.u';

/** @param unit the full name, checked */
export const undoPath = (placement: Placement, unit: string): string =>
  `${undoFolder(placement)}/${unit}${UNDO}`;

/** The unit that a file in that folder is about; undefined where it isn't one of these. */
export function unitOfUndo(file: string): string | undefined {
  const unit = file.slice(0, -UNDO.length);
  return file.endsWith(UNDO) && isServiceName(unit) ? unit : undefined;
}

/** Whether a file is one that is written for a unit, beside the launcher. */
export function isOwnPath(placement: Placement, unit: string, path: string): boolean {
  return places(placement).some((at) => {
    const folder = `${programsFolder(at, unit)}/`;
    const isProgram = path.startsWith(folder) && /^[^/]+$/.test(path.slice(folder.length));
    return path === dropInPath(at, unit) || path === filterPath(at, unit) || isProgram;
  });
}

/** Whether it is gone with the next boot. */
export const isRuntimePath = (placement: Placement, path: string): boolean =>
  places(placement).some(
    (place) => place.lifetime !== 'always' && path.startsWith(`${unitDirectory(place)}/`),
  );

/** The folders of policies that are named after units, the first that has one wins. */
export const policyFolders = (scope: Scope, home?: string): string[] =>
  scope === 'user'
    ? [`${home}/.config/sandbox-unit`, '/etc/sandbox-unit/user', '/usr/lib/sandbox-unit/user']
    : ['/etc/sandbox-unit', '/run/sandbox-unit/policies', '/usr/lib/sandbox-unit'];

const POLICY = '.toml';

/** Where a unit's policy is looked for, the first that exists wins; an instance falls back to its template. */
export function policySearchPath(names: readonly string[], scope: Scope, home?: string): string[] {
  const folders = policyFolders(scope, home);
  return names.flatMap((name) => folders.map((folder) => `${folder}/${name}${POLICY}`));
}

/** The service whose policy a file in one of these folders is, by its name; undefined where it is no service's. */
export function serviceOfPolicy(file: string): string | undefined {
  const unit = file.slice(0, -POLICY.length);
  return file.endsWith(POLICY) && isServiceName(unit) ? unit : undefined;
}
