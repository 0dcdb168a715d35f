import { type Closed, ROOTS, readOnly } from '../directives/values/closed-paths.js';
import { type Mount, mountOf, outermost } from '../formats/mount-info.js';
import { allWords, barePath, covers, isOn, lastOf, pathsOf, type UnitValues } from '../unit/values.js';

/** Directives that make a folder for the service, and the folder that it is in (systemd.exec(5)). */
const FOLDERS: readonly (readonly [directive: string, base: string])[] = [
  ['CacheDirectory', '/var/cache'],
  ['ConfigurationDirectory', '/etc'],
  ['LogsDirectory', '/var/log'],
  ['RuntimeDirectory', '/run'],
  ['StateDirectory', '/var/lib'],
];

/**
 * The places where a service can write files and execute them, as far as its directives and the host's mounts tell;
 * undefined for a service with another root.
 * @param mounts the host's; empty where they aren't known
 */
export function placesOf(unit: UnitValues, mounts: readonly Mount[]): string[] | undefined {
  if (ROOTS.some((name) => !['', '/'].includes(lastOf(unit, name)))) return undefined;
  const opened = openedBy(unit);
  const closed = readOnly(unit);
  const noExec = pathsOf(unit, 'NoExecPaths');
  const exec = pathsOf(unit, 'ExecPaths');
  const named = closed.flatMap(({ paths, except }) => [...paths, ...except]);
  const known = new Set(['/', ...opened, ...named, ...noExec, ...exec, ...mounts.map(({ path }) => path)]);
  const isOpen = (path: string): boolean =>
    !KERNEL_OWN.some((above) => covers(above, path)) &&
    depth(closing(closed, path), path) <= depth(opened, path) &&
    depth(noExec, path) <= depth(exec, path) &&
    !mountOf(mounts, path)?.noexec;
  return outermost(new Map([...known].map((path) => [path, isOpen(path)])));
}

/** File systems of the kernel's, without files of programs' own. */
const KERNEL_OWN = ['/proc', '/sys'];

/** Paths that stay writable where all else is read-only. */
function openedBy(unit: UnitValues): string[] {
  const isPrivate = ['PrivateTmp', 'DynamicUser'].some((name) => isOn(unit, name));
  return [
    ...['ReadWritePaths', 'BindPaths', 'TemporaryFileSystem'].flatMap((name) => targets(unit, name)),
    ...FOLDERS.flatMap(([name, base]) => targets(unit, name).map((folder) => `${base}/${folder}`)),
    ...(isPrivate ? ['/tmp', '/var/tmp'] : []),
  ];
}

/** The places in the service's view that a directive lists: behind a colon, where there is one. */
const targets = (unit: UnitValues, name: string): string[] =>
  allWords(unit.get(name) ?? []).map((word) => {
    const [source = '', target] = word.split(':');
    return barePath(name === 'BindPaths' && target ? target : source);
  });

/** The length of the longest of these paths that a path is or lies below; -1 if there is none. */
const depth = (above: readonly string[], path: string): number =>
  Math.max(-1, ...above.filter((one) => covers(one, path)).map(({ length }) => length));

/** The paths of directives that close a path; none of those that leave it out. */
const closing = (parts: readonly Closed[], path: string): string[] =>
  parts.flatMap(({ paths, except }) => (except.some((above) => covers(above, path)) ? [] : paths));
