/** Paths on which systemd mounts something for a unit, as its properties tell (namespace.c of systemd). */

import type { Get } from '../../directives/directive.js';
import { isOn } from '../../directives/is-on.js';
import { findDirective } from '../../directives/table.js';
import { HOMES, KERNEL, VENDOR } from '../../directives/values/closed-paths.js';
import { barePath } from '../../unit/values.js';

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The paths of a list of words with prefixes. */
export const pathsIn = (get: Get, property: string): string[] =>
  listOf(get(property)).map((word) => barePath(textOf(word)));

/** One field of each struct in a list, as a path. */
const fieldsIn = (get: Get, property: string, index: number): string[] =>
  listOf(get(property)).map((struct) => barePath(textOf(listOf(struct)[index])));

/** The mounts of TemporaryFileSystem= with their options. */
export const temporaryIn = (get: Get): { readonly path: string; readonly isReadOnly: boolean }[] =>
  listOf(get('TemporaryFileSystem')).map((struct) => {
    const [path, options] = listOf(struct).map(textOf);
    return { path: barePath(path ?? ''), isReadOnly: (options ?? '').split(',').includes('ro') };
  });

export const word = (get: Get, property: string): string => textOf(get(property));

/** Whether the manager has loaded a directive so that it does something. */
export const isSet = (get: Get, name: string): boolean => {
  const row = findDirective(name)!;
  return isOn(row, get(row.bus.property));
};

/** Directives that give a unit folders of its own. */
const FOLDERS = [
  'CacheDirectory',
  'ConfigurationDirectory',
  'LogsDirectory',
  'RuntimeDirectory',
  'StateDirectory',
];

/** The folders that are given to a unit; with DynamicUser= they are elsewhere, behind a link. */
const foldersOf = (get: Get): string[] =>
  FOLDERS.flatMap((name) => {
    const base = findDirective(name)!.kind.base!;
    return pathsIn(get, name).flatMap((path) => [`${base}/${path}`, `${base}/private/${path}`]);
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

/** Paths that a unit may write to wherever the path above is read-only. */
export const writable = (get: Get): string[] => [
  ...pathsIn(get, 'ReadWritePaths'),
  ...foldersOf(get),
  ...fieldsIn(get, 'BindPaths', 1),
  ...fieldsIn(get, 'MountImages', 1),
  ...temporaryIn(get).map(({ path }) => path),
  ...(isSet(get, 'PrivateTmp') ? TEMPORARY : []),
  ...OWN,
];

/** Directives by which systemd mounts the kernel's file systems and /run anew. */
const KERNEL_MOUNTS = [
  'MountAPIVFS',
  'ProcSubset',
  'ProtectControlGroups',
  'ProtectKernelTunables',
  'ProtectProc',
];

/** Lists of paths, each of which is a mount of its own. */
const LISTS = ['ExecPaths', 'InaccessiblePaths', 'NoExecPaths', 'ReadOnlyPaths', 'ReadWritePaths'];

/**
 * Paths that have a mount of their own. Where systemd makes all below a path read-only or not executable, it leaves
 * these out (the deny list of bind_remount_recursive()).
 */
export function mountEntries(get: Get): string[] {
  const system = word(get, 'ProtectSystem');
  const home = word(get, 'ProtectHome');
  return [
    ...writable(get),
    ...LISTS.flatMap((name) => pathsIn(get, name)),
    ...fieldsIn(get, 'BindReadOnlyPaths', 1),
    ...(KERNEL_MOUNTS.some((name) => isSet(get, name)) ? [...KERNEL, '/run'] : []),
    ...(system === 'strict' ? [...KERNEL, ...HOMES] : []),
    ...(system === 'yes' || system === 'full' ? VENDOR : []),
    ...(system === 'full' ? ['/etc'] : []),
    ...(home === '' || home === 'no' ? [] : HOMES),
    ...(isSet(get, 'PrivateDevices') ? ['/dev'] : []),
  ];
}
