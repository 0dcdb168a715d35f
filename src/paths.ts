import type { Scope } from './unit/search.js';

/** All paths that the program writes. */

import { isServiceName } from './unit/name.js';

/** Names of our files sort after other tools', so that no drop-in of theirs comes later. */
const DROP_IN = 'zz-sandbox-unit.conf';
const FILTER = 'zz-sandbox-unit.filter';
const PROGRAMS = 'zz-sandbox-unit.programs';
const KEPT_POLICY = 'zz-sandbox-unit.toml';

/** The folder of the program in a package, which is also one of packages' policies. */
export const PACKAGED_HOME = '/usr/lib/sandbox-unit';

/** The path of the launcher that a package installs. */
export const PACKAGED_LAUNCHER = '/usr/libexec/sandbox-unit/launcher';

/** The path of another program of the native helper that a package installs. */
export const packagedProgram = (name: string): string => `/usr/libexec/sandbox-unit/${name}`;

/** The path of the launcher that `apply` installs if no package has. */
export const installedLauncher = ({ scope, home }: Placement): string =>
  `${scope === 'system' ? '/usr/local' : `${home}/.local`}/libexec/sandbox-unit/launcher`;

/** Whether a program is a launcher of ours, a package's or an installed one, of whatever user. */
export const isLauncher = (path: string): boolean => path.endsWith('/libexec/sandbox-unit/launcher');

/**
 * The time that files are for: `always`; `runtime`, until the next boot; `run`, for one run of a service. Files for
 * `run` take the place of others, and last until the next boot at most.
 */
export type Lifetime = 'always' | 'runtime' | 'run';

/** Lifetimes in systemd's order of folders (systemd.unit(5)): of drop-ins of one name it reads the first. */
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

/** The folder in which the manager keeps the files of transient units, as long as they are loaded. */
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

/** The folders of units that may have drop-ins of ours, in the order of LIFETIMES. */
export const unitDirectories = (placement: Placement): string[] => places(placement).map(unitDirectory);

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

/** The folder of the mount points of `[exec] programs`. */
export const programsFolder = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${PROGRAMS}`;

/** The folders where mount points of a unit's `[exec] programs` may be, in the order of LIFETIMES. */
export const programsFolders = (placement: Placement, unit: string): string[] =>
  places(placement).map((place) => programsFolder(place, unit));

/** The paths where our drop-in of a unit may be, in the order of LIFETIMES. */
export const ownDropInPaths = (placement: Placement, unit: string): string[] =>
  places(placement).map((place) => dropInPath(place, unit));

/** Whether a drop-in, of whatever unit and directory, has the name of ours. */
export const hasNameOfDropIn = (path: string): boolean => path.endsWith(`/${DROP_IN}`);

/** The folder of the files that the generator puts into force at boot (sandbox-unit-generator(8)). */
export const ENABLED = '/etc/sandbox-unit/enabled';

/** The generator as a package installs it. */
export const GENERATOR = packagedProgram('generator');

/** The folders in which systemd looks for generators of the system, the first one first (systemd.generator(7)). */
export const GENERATOR_FOLDERS: readonly string[] = ['/run', '/etc', '/usr/local/lib', '/usr/lib'].map(
  (folder) => `${folder}/systemd/system-generators`,
);

/** Whether a path, or the target of a link, is the generator. */
export const isGenerator = (path: string): boolean => /(?:^|\/)sandbox-unit[/-]generator$/.test(path);

/** The folder of their manifests. */
export const enabledManifests = `${ENABLED}/activate.d`;

/** The manifest of a unit. */
export const enabledManifest = (unit: string): string => `${enabledManifests}/${unit}`;

/** The record, below a folder of many machines' files, of those that were made for a unit. */
export const madeRecord = (unit: string): string => `/.sandbox-unit/${unit}`;

const REFUSAL = 'zz-sandbox-unit-refused.conf';

/** The generator's drop-in by which a unit fails to start. @param unit the full name, checked */
export const refusalPath = (unit: string): string => `/run/systemd/generator.early/${unit}.d/${REFUSAL}`;

/** The file beside such a drop-in that has the reason. */
export const reasonOfRefusal = (dropIn: string): string => dropIn.replace(/\.conf$/, '.reason');

/** The service that tells the reason where a service is to start. */
export const refusalService = (service: string): string => `sandbox-unit-refused@${service}.service`;

/** Whether a drop-in, of whatever unit, is such a one. */
export const isRefusal = (path: string): boolean => path.endsWith(`/${REFUSAL}`);

/** Whether a drop-in is the generator's: by it a unit fails to start, or goes without its template's policy. */
export const isGenerators = (path: string): boolean =>
  path.startsWith('/run/systemd/generator.early/') && (isRefusal(path) || hasNameOfDropIn(path));

/** The filter that belongs to a drop-in of ours, by the drop-in's path. */
export const filterBeside = (dropIn: string): string => `${dropIn.slice(0, -DROP_IN.length)}${FILTER}`;

/** Whether a line or a path names a filter of ours. */
export const namesFilter = (line: string): boolean => line.includes(`/${FILTER}`);

/**
 * The mount point of one of `[exec] programs`. It has the program's file name, by which the kernel names processes: those
 * of one name have folders of their own.
 * @param nth how many programs of that name there are up to this one; 1 for the first
 */
export const programPlace = (folder: string, name: string, nth: number): string =>
  nth === 1 ? `${folder}/${name}` : `${folder}/~${nth}/${name}`;

/** Whether a folder holds the mount point of a further program of one name. */
export const isTwinsFolder = (name: string): boolean => /^~\d+$/.test(name);

/** The files of `[exec] programs` that a line names, by their paths below their folder. */
export const programNamesIn = (line: string): string[] =>
  [...line.matchAll(new RegExp(`/${PROGRAMS}/((?:~\\d+/)?[A-Za-z0-9_+.@-]+)`, 'g'))].map(([, name]) => name!);

/** The name of a file until it is complete; systemd doesn't read it, for it takes only *.conf. */
export const temporaryName = (unique: string): string => `.sandbox-unit-${unique}.tmp`;

/** Whether a file has the name of one that wasn't completed. */
export const isTemporaryName = (name: string): boolean => /^\.sandbox-unit-[0-9a-f-]+\.tmp$/.test(name);

/** The lock of whoever changes units of one manager. */
export const lockPath = (placement: Placement): string => `${runtimeFolder(placement)}/lock`;

/**
 * The lock of whoever keeps or undoes a unit's change that waits, and began in time.
 * @param unit the full name, checked
 */
export const confirmingPath = (placement: Placement, unit: string): string =>
  `${runtimeFolder(placement)}/confirming/${unit}`;

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

export const runsFolder = (placement: Placement): string => `${runtimeFolder(placement)}/runs`;

/**
 * The path of the record of a unit's runs, each with the hash of the files that it was seen with.
 * @param unit the full name, checked
 */
export const runsPath = (placement: Placement, unit: string): string => `${runsFolder(placement)}/${unit}`;

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

/** The service that undoes changes which nobody confirms in time. */
export const KEEPER = 'sandbox-unit-undo.service';

/** The path of its unit file; it is there while changes wait. */
export const keeperPath = (placement: Placement): string => `${unitDirectory(placement)}/${KEEPER}`;

/** The path of the drop-in by which a boot starts it, whatever its target (bootup(7)). */
export const keeperStartPath = (placement: Placement): string =>
  `${unitDirectory(placement)}/basic.target.d/sandbox-unit-undo.conf`;

/** The paths of both, in the order of LIFETIMES. */
export const keeperPaths = (placement: Placement): string[] =>
  places(placement).flatMap((place) => [keeperPath(place), keeperStartPath(place)]);

/** The folder of the recordings of all units. */
export const recordingsRoot = (placement: Placement): string => `${undoFolder(placement)}/recordings`;

/**
 * The folder of a unit's recordings.
 * @param unit the full name, checked
 */
export const recordingsFolder = (placement: Placement, unit: string): string =>
  `${recordingsRoot(placement)}/${unit}`;

/**
 * The name of a recording's file, which sorts by the end of the watch: `20261128T024411Z-HOST-ID.json`.
 * @param end ISO 8601, UTC
 * @param host its name and its ID in hex
 * @param copy counts from 2 on where another recording has the name
 */
export function recordingName(end: string, host: { name: string; id: string }, copy = 1): string {
  const time = `${end.replace(/\.\d+/, '').replace(/[-:]/g, '')}`;
  const name = host.name.replace(/[^A-Za-z0-9.]/g, '-').slice(0, 64);
  return `${time}-${name}-${host.id.slice(0, 8)}${copy > 1 ? `-${copy}` : ''}.json`;
}

/** Whether a file has the name of a recording. */
export const isRecordingName = (name: string): boolean =>
  /^\d{8}T\d{6}Z-[A-Za-z0-9.-]+-[0-9a-f]{8}(?:-\d+)?\.json$/.test(name);

/** The end of the watch in the name of a recording's file, in milliseconds since 1970, rounded down to a second. */
export const endOfRecording = (name: string): number =>
  Date.parse(name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3T$4:$5:$6Z'));

/** Whether a path is that of a file of ours for a unit; the launcher's isn't. */
export function isOwnPath(placement: Placement, unit: string, path: string): boolean {
  return places(placement).some((at) => {
    const folder = `${programsFolder(at, unit)}/`;
    const isProgram = path.startsWith(folder) && /^(?:~\d+\/)?[^/]+$/.test(path.slice(folder.length));
    const own = [dropInPath(at, unit), filterPath(at, unit), keptPolicyPath(at, unit)];
    return own.includes(path) || isProgram;
  });
}

/** Whether a path of ours is gone with the next boot. */
export const isRuntimePath = (placement: Placement, path: string): boolean =>
  places(placement).some(
    (place) => place.lifetime !== 'always' && path.startsWith(`${unitDirectory(place)}/`),
  );

/** The folders of policies that are named after units; the first that has one wins. */
export const policyFolders = (scope: Scope, home?: string): string[] =>
  scope === 'user'
    ? [`${home}/.config/sandbox-unit`, '/etc/sandbox-unit/user', `${PACKAGED_HOME}/user`]
    : ['/etc/sandbox-unit', '/run/sandbox-unit/policies', PACKAGED_HOME];

/** The name of the file with the defaults of a host. */
export const DEFAULTS = 'defaults.toml';

/** The paths where the defaults of a host's policies may be; the first that exists wins. They are no package's. */
export const defaultsPaths = (scope: Scope, home?: string): string[] =>
  policyFolders(scope, home)
    .filter((folder) => !/^\/(?:run|usr)\//.test(folder))
    .map((folder) => `${folder}/${DEFAULTS}`);

/** Whether a policy is a package's: it is changed by a file in another folder. */
export const isPackagedPolicy = (path: string): boolean => path.startsWith(`${PACKAGED_HOME}/`);

const POLICY = '.toml';

/** The paths of a unit's policy; the first that exists wins. An instance falls back to its template. */
export function policySearchPath(names: readonly string[], scope: Scope, home?: string): string[] {
  const folders = policyFolders(scope, home);
  return names.flatMap((name) => folders.map((folder) => `${folder}/${name}${POLICY}`));
}

/** The service whose policy a file in a folder of policies is, by its name; undefined if it is no service's. */
export function serviceOfPolicy(file: string): string | undefined {
  const unit = file.slice(0, -POLICY.length);
  return file.endsWith(POLICY) && isServiceName(unit) ? unit : undefined;
}
