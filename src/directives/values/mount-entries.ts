/** The lines of a unit that mount something, and the paths that it may write to by them (namespace.c of systemd). */

import { allWords, barePath, bindPlacesOf, lastOf, pathsOf, type UnitValues } from '../../unit/values.js';
import { findDirective } from '../table.js';
import { OTHER_NETWORKS, ROOTS } from './closed-paths.js';

/** The lines of a unit that mount something, as its files or the manager have them. */
export interface MountLines {
  /** The places in the service's view that a directive lists. */
  readonly places: (directive: string) => readonly string[];
  /** The value of a directive that has but one. */
  readonly word: (directive: string) => string;
  /** Whether a directive does something. */
  readonly isSet: (directive: string) => boolean;
  /** The mounts of TemporaryFileSystem=. */
  readonly temporary: () => readonly TemporaryMount[];
  /** The folders that a unit's own are below, by directives, where they are not those of the system's manager. */
  readonly bases?: ReadonlyMap<string, string> | undefined;
}

export interface TemporaryMount {
  readonly path: string;
  readonly isReadOnly: boolean;
  /** Nothing there can be executed. */
  readonly isNoExec: boolean;
}

/**
 * A mount of TemporaryFileSystem=, of its path and its options with commas between: of `ro` and `rw` the last one counts,
 * and of `exec` and `noexec`.
 */
export function temporaryMount(path: string, text: string): TemporaryMount {
  const options = text.split(',');
  const isLast = (name: string, other: string) =>
    options.findLast((option) => option === name || option === other) === name;
  return { path: barePath(path), isReadOnly: isLast('ro', 'rw'), isNoExec: isLast('noexec', 'exec') };
}

/** A mount of TemporaryFileSystem=, of a word `PATH[:OPTIONS]`. */
export function temporaryMountOf(word: string): TemporaryMount {
  const [path = '', options = ''] = word.split(':');
  return temporaryMount(path, options);
}

/** Values that leave a service as it would be without a directive. */
const OFF: ReadonlySet<string> = new Set(['', 'no', 'all']);

/** Values that DynamicUser= brings along (unit_patch_contexts() of systemd). */
const DYNAMIC: ReadonlyMap<string, string> = new Map([
  ['PrivateTmp', 'yes'],
  ['ProtectHome', 'read-only'],
  ['ProtectSystem', 'strict'],
]);

/** The lines of a unit's files. */
export function mountLines(unit: UnitValues): MountLines {
  const word = (name: string): string => {
    const value = lastOf(unit, name);
    const brought = OFF.has(value) || name === 'ProtectSystem' ? DYNAMIC.get(name) : undefined;
    return brought !== undefined && lastOf(unit, 'DynamicUser') === 'yes' ? brought : value;
  };
  return {
    places: (name) => (BINDS.has(name) ? bindPlacesOf(unit, name) : pathsOf(unit, name)),
    word,
    isSet: (name) => !OFF.has(word(name)),
    temporary: () => allWords(unit.get('TemporaryFileSystem') ?? []).map(temporaryMountOf),
  };
}

const BINDS: ReadonlySet<string> = new Set(['BindPaths', 'BindReadOnlyPaths', 'MountImages']);

/** A path with a mount of its own, and the directive that it is for; `''` for one that systemd gives to any unit. */
export interface MountEntry {
  readonly path: string;
  readonly by: string;
}

export const entries = (by: string, paths: readonly string[]): MountEntry[] =>
  paths.map((path) => ({ path, by }));

/** Directives that give a unit folders of its own. */
export const FOLDERS: readonly string[] = [
  'CacheDirectory',
  'ConfigurationDirectory',
  'LogsDirectory',
  'RuntimeDirectory',
  'StateDirectory',
];

/** The folders that are given to a unit; with DynamicUser= they are elsewhere, behind a link. */
const foldersOf = (lines: MountLines): MountEntry[] =>
  FOLDERS.flatMap((name) => {
    const base = lines.bases?.get(name) ?? findDirective(name)!.kind.base!;
    const bases = lines.isSet('DynamicUser') ? [base, `${base}/private`] : [base];
    return lines.places(name).flatMap((path) =>
      entries(
        name,
        bases.map((above) => `${above}/${path}`),
      ),
    );
  });

export const TEMPORARY = ['/tmp', '/var/tmp'];

/** Places that systemd mounts by itself: messages to a unit, and what a unit may ask and tell. */
const OWN = [
  '/run/credentials',
  '/run/host',
  '/run/systemd/incoming',
  '/run/systemd/journal',
  '/run/systemd/notify',
];

/** Places that a unit may write to wherever the path above is read-only. */
export const writable = (lines: MountLines): MountEntry[] => [
  ...['ReadWritePaths', 'BindPaths', 'MountImages', 'TemporaryFileSystem'].flatMap((name) =>
    entries(name, lines.places(name)),
  ),
  ...foldersOf(lines),
  ...(lines.isSet('PrivateTmp') ? entries('PrivateTmp', TEMPORARY) : []),
  ...entries('', OWN),
];

/** Directives by which systemd mounts the kernel's file systems and /run anew. */
export const KERNEL_MOUNTS: readonly string[] = [
  'MountAPIVFS',
  'ProcSubset',
  'ProtectControlGroups',
  'ProtectKernelTunables',
  'ProtectProc',
];

/** The first version of systemd that leaves the flags of a mount alone which it finds in place. */
const LEAVES_MOUNTS = 255;

/**
 * Whether systemd leaves /sys as the host has it mounted, where it mounts the kernel's file systems anew, and skips its
 * flags whatever directive says so (mount_bind_sysfs() and make_read_only() of systemd). A unit in another network has a
 * mount of its own there, and so has one with a bind mount in its place.
 */
export const leavesSys = (lines: MountLines, systemd: number): boolean =>
  systemd >= LEAVES_MOUNTS &&
  KERNEL_MOUNTS.some((name) => lines.isSet(name)) &&
  !OTHER_NETWORKS.some((name) => lines.isSet(name)) &&
  !ROOTS.some((name) => !['', '/'].includes(lines.word(name))) &&
  !['BindPaths', 'BindReadOnlyPaths'].some((name) => lines.places(name).includes('/sys'));
