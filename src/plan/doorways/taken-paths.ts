/** Paths that directives take from a unit: its processes don't see them, or can't write to them. */

import { type Closed, closed, hidden, readOnly } from '../../directives/values/closed-paths.js';
import { ROOTS } from '../../directives/values/mounts.js';
import {
  allWords,
  barePath,
  bindPlacesOf,
  covers,
  lastOf,
  pathsOf,
  type UnitValues,
} from '../../unit/values.js';

const BINDS = ['BindPaths', 'BindReadOnlyPaths'];

/** Directives that hide paths; mounts from elsewhere do so with those below their places. */
export const HIDING: readonly string[] = [
  ...['InaccessiblePaths', 'MountImages', 'ProtectHome', 'TemporaryFileSystem'],
  ...BINDS,
  ...ROOTS,
];

/** Directives that hide paths, or make them read-only. */
export const CLOSING: readonly string[] = [...HIDING, 'DynamicUser', 'ProtectSystem', 'ReadOnlyPaths'];

/** Whether a directive hides a path, and no mount of the unit shows it all the same. */
export function hides(unit: UnitValues, directive: string, path: string): boolean {
  const closing = closersOf([...hidden(unit), ...covered(unit)], directive, path);
  const isMount = directive === 'MountImages' || BINDS.includes(directive);
  const shown = bindsOf(unit, ...BINDS).filter(({ source, place }) => !isMount || source === place);
  return closing.length > 0 && !isExcepted(path, closing, placesOf(shown), empties(unit, directive));
}

/** Paths that mounts from elsewhere cover. */
const covered = (unit: UnitValues): Closed[] => [
  ...BINDS.flatMap((name) =>
    closed(name, placesOf(bindsOf(unit, name).filter(({ source, place }) => source !== place))),
  ),
  ...closed('MountImages', bindPlacesOf(unit, 'MountImages')),
];

interface Bind {
  readonly source: string;
  readonly place: string;
}

const placesOf = (binds: readonly Bind[]): string[] => binds.map(({ place }) => place);

const bindsOf = (unit: UnitValues, ...names: readonly string[]): Bind[] =>
  names
    .flatMap((name) => allWords(unit.get(name) ?? []))
    .map((word) => {
      const [source = '', place = ''] = word.split(':');
      return { source: merged(barePath(source)), place: merged(barePath(place || source)) };
    });

/** A path where /bin, /sbin and /lib are links into /usr, as systemd demands since 255. */
const merged = (path: string): string => path.replace(/^\/(?=(?:s?bin|lib(?:32|64|x32)?)(?:\/|$))/, '/usr/');

/** Whether a directive mounts something empty: a mount of the unit in the same place comes last. */
const empties = (unit: UnitValues, directive: string): boolean =>
  directive === 'TemporaryFileSystem' || lastOf(unit, directive) === 'tmpfs';

/** Whether a directive keeps a path from being written to, and no other makes an exception. */
export function closes(unit: UnitValues, directive: string, path: string): boolean {
  if (hides(unit, directive, path)) return true;
  const bound = closed('BindReadOnlyPaths', placesOf(bindsOf(unit, 'BindReadOnlyPaths')));
  const closing = closersOf([...readOnly(unit), ...bound], directive, path);
  const open = [...pathsOf(unit, 'ReadWritePaths').map(merged), ...placesOf(bindsOf(unit, 'BindPaths'))];
  return closing.some((above) => !isExcepted(path, [above], open, empties(unit, directive)));
}

/** Whether NoExecPaths= keeps a program, or those in a folder, from being executed, and ExecPaths= makes no exception. */
export function forbidsExecution(unit: UnitValues, path: string): boolean {
  const closing = pathsOf(unit, 'NoExecPaths')
    .map(merged)
    .filter((above) => covers(above, path));
  const except = pathsOf(unit, 'ExecPaths').map(merged);
  return closing.some((above) => !isExcepted(path, [above], except));
}

/** The paths that a directive closes which are the given one, or above it. */
const closersOf = (parts: readonly Closed[], directive: string, path: string): string[] =>
  parts
    .filter(({ by, except }) => by === directive && !except.some((above) => covers(above, path)))
    .map((part) => merged(part.path))
    .filter((above) => covers(above, path));

/**
 * Whether one of the exceptions is about a path, and below all that closes it.
 * @param inPlace whether an exception may be on the closed path itself
 */
const isExcepted = (
  path: string,
  closing: readonly string[],
  exceptions: readonly string[],
  inPlace = false,
): boolean =>
  exceptions.some(
    (one) => covers(one, path) && closing.every((above) => covers(above, one) && (inPlace || one !== above)),
  );
