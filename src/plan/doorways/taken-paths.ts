/** Paths that directives take from a unit: its processes don't see them, or can't write to them. */

import { type Closed, hidden, ROOTS, readOnly } from '../../directives/values/closed-paths.js';
import { bindPlacesOf, covers, lastOf, pathsOf, type UnitValues } from '../../unit/values.js';

/** Directives that hide paths. */
export const HIDING: readonly string[] = [
  ...['InaccessiblePaths', 'ProtectHome', 'TemporaryFileSystem'],
  ...ROOTS,
];

/** Directives that hide paths, or make them read-only. */
export const CLOSING: readonly string[] = [...HIDING, 'DynamicUser', 'ProtectSystem', 'ReadOnlyPaths'];

/** Whether a directive hides a path, and no mount of the unit shows it all the same. */
export function hides(unit: UnitValues, directive: string, path: string): boolean {
  const closing = closersOf(hidden(unit), directive, path);
  const shown = ['BindPaths', 'BindReadOnlyPaths'].flatMap((name) => bindPlacesOf(unit, name));
  return closing.length > 0 && !isExcepted(path, closing, shown, empties(unit, directive));
}

/** Whether a directive mounts something empty: a mount of the unit in the same place comes last. */
const empties = (unit: UnitValues, directive: string): boolean =>
  directive === 'TemporaryFileSystem' || lastOf(unit, directive) === 'tmpfs';

/** Whether a directive keeps a path from being written to, and no other makes an exception. */
export function closes(unit: UnitValues, directive: string, path: string): boolean {
  if (hides(unit, directive, path)) return true;
  const closing = closersOf(readOnly(unit), directive, path);
  const open = [...pathsOf(unit, 'ReadWritePaths'), ...bindPlacesOf(unit, 'BindPaths')];
  return closing.some((above) => !isExcepted(path, [above], open, empties(unit, directive)));
}

/** Whether NoExecPaths= keeps the programs in a folder from being executed, and ExecPaths= makes no exception. */
export function forbidsExecution(unit: UnitValues, path: string): boolean {
  const closing = pathsOf(unit, 'NoExecPaths').filter((above) => covers(above, path));
  return closing.some((above) => !isExcepted(path, [above], pathsOf(unit, 'ExecPaths')));
}

/** The paths that a directive closes which are the given one, or above it. */
const closersOf = (parts: readonly Closed[], directive: string, path: string): string[] =>
  parts
    .filter(({ by, except }) => by === directive && !except.some((above) => covers(above, path)))
    .flatMap(({ paths }) => paths.filter((above) => covers(above, path)));

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
