/** Commands of a unit whose programs a policy's directives hide from the service, or make not executable. */

import { type Diagnostic, error, type Location, printable, warning } from '../diagnostic.js';
import { hidden } from '../directives/values/closed-paths.js';
import type { Policy } from '../policy/policy.js';
import { EXEC_KEYS } from '../unit/exec/keys.js';
import type { ExecCommand } from '../unit/exec/line.js';
import { barePath, bindPlacesOf, covers, lastOf, pathsOf, type UnitValues } from '../unit/values.js';
import { IMAGES } from './launcher/launch-paths.js';
import type { ConfinedUnit } from './request.js';
import { ownValues } from './unit-values.js';

/** Directives of a policy by which a program may be out of reach. */
const TAKING: ReadonlySet<string> = new Set([
  ...['InaccessiblePaths', 'ProtectHome', 'TemporaryFileSystem', 'PrivateTmp'],
  ...['NoExecPaths', 'ExecPaths', 'BindPaths', 'BindReadOnlyPaths', 'ReadOnlyPaths', 'ProtectSystem'],
]);

const takesPaths = ({ service }: Policy): boolean => service.some(({ name }) => TAKING.has(name));

/** The path behind the links that all systems have. */
const placeOf = (word: string): string =>
  barePath(word)
    .replace(/^\/(?=(?:bin|sbin|lib|lib64)(?:\/|$))/, '/usr/')
    .replace(/^\/var\/run(?=\/|$)/, '/run');

/** Directives that put files in place which nobody can look at before. */
const OPAQUE = ['RootDirectory', ...IMAGES];

/**
 * Errors about commands that can't be started because of the policy: systemd would say so only when they are due, of
 * `ExecStop=` at the next stop. A command with `-` may fail; of it a warning tells.
 * @param values the planned values of all directives
 */
export function unreachablePrograms(request: ConfinedUnit, values: UnitValues): Diagnostic[] {
  const { effective, policy } = request;
  if (!takesPaths(policy) || OPAQUE.some((name) => lastOf(values, name) !== '')) return [];
  return EXEC_KEYS.flatMap((key) =>
    effective
      .execCommands(key)
      .filter(({ prefixes, path }) => !/[+|]/.test(prefixes) && !path.value.includes('%'))
      .flatMap((command) => unreachable(request, values, { key, command })),
  );
}

interface Line {
  readonly key: string;
  readonly command: ExecCommand;
}

function unreachable(
  { effective, policy, target }: ConfinedUnit,
  values: UnitValues,
  { key, command }: Line,
): Diagnostic[] {
  const { path, prefixes, at: place } = command;
  const files = target.commands?.get(path.value)?.files ?? (path.value.startsWith('/') ? [[path.value]] : []);
  const before = ownValues(effective);
  for (const file of files) {
    const by = takenBy(values, file);
    if (by === undefined || takenBy(before, file) !== undefined) continue;
    const severe = prefixes.includes('-') ? warning : error;
    return [severe('unreachable-program', textOf(by, file[0]!, { key, command }), placed(policy, by, place))];
  }
  return [];
}

function textOf(by: string, file: string, { key, command: { path, at } }: Line): string {
  const where = `${printable(at.file)}:${at.line}`;
  const does = by === 'NoExecPaths' ? "can't be executed" : 'is hidden';
  const line = `${key}=${printable(path.value, 80)} (${where}) needs`;
  return `${line} ${file === path.value ? 'it' : printable(file)}, which ${does} by ${by}=`;
}

function placed({ service }: Policy, by: string, place: Location) {
  const at = service.find(({ name }) => name === by)?.at ?? place;
  if (by !== 'NoExecPaths') return { at, hint: `leave it out of what ${by} hides` };
  const hint = service.some(({ name }) => name === 'ReadOnlyPaths')
    ? 'list it in ExecPaths, and what is to be read-only in BindReadOnlyPaths in the place of ReadOnlyPaths'
    : 'list it in ExecPaths, with the interpreter and the libraries that it needs';
  return { at, hint };
}

/**
 * The directive that takes a file from the service.
 * @param names paths of the file, with and without links: one that is in reach is enough
 */
function takenBy(values: UnitValues, names: readonly string[]): string | undefined {
  const found = names.map(placeOf).map((path) => hiddenBy(values, path) ?? notExecutableBy(values, path));
  return found.includes(undefined) ? undefined : found[0];
}

/** Places of bind mounts, which show other files. */
const bindsOf = (values: UnitValues): string[] =>
  ['BindPaths', 'BindReadOnlyPaths'].flatMap((name) => bindPlacesOf(values, name)).map(placeOf);

/** Nothing is shown below a path that systemd makes inaccessible. */
const isFinal = (values: UnitValues, by: string): boolean =>
  by === 'InaccessiblePaths' || (by === 'ProtectHome' && lastOf(values, by) === 'yes');

function hiddenBy(values: UnitValues, path: string): string | undefined {
  const isShown = (above: string) =>
    bindsOf(values).some((place) => covers(above, place) && covers(place, path));
  return hidden(values).find((part) => {
    const above = placeOf(part.path);
    return covers(above, path) && (isFinal(values, part.by) || !isShown(above));
  })?.by;
}

/** Where specifiers name paths, nothing is said; nor of another mount below, which stays executable. */
function notExecutableBy(values: UnitValues, path: string): string | undefined {
  const dropped = droppedBy(values);
  const mounted = MOUNTING.flatMap((name) => pathsOf(values, name).map(placeOf));
  const open = [...mounted.filter((place) => !dropped.includes(place)), ...bindsOf(values)];
  if (open.some((place) => place.includes('%'))) return undefined;
  const closed = longest(pathsOf(values, 'NoExecPaths').map(placeOf), path);
  return closed > 0 && closed >= longest(open, path) ? 'NoExecPaths' : undefined;
}

/** Directives that mount each of their paths. */
const MOUNTING = ['ExecPaths', 'ReadWritePaths', 'ReadOnlyPaths'];

/**
 * Paths of ReadOnlyPaths= whose mount adds nothing to the one above, which is read-only, too: systemd drops it, and what
 * ExecPaths= says of it (drop_nop() of systemd).
 */
function droppedBy(values: UnitValues): string[] {
  const readOnly = pathsOf(values, 'ReadOnlyPaths').map(placeOf);
  const all = [...MOUNTING, 'NoExecPaths'].flatMap((name) => pathsOf(values, name).map(placeOf));
  const places = [...all, ...bindsOf(values), '/'];
  const isReadOnly = (place: string) =>
    readOnly.includes(place) || (place === '/' && lastOf(values, 'ProtectSystem') === 'strict');
  return readOnly.filter((path) => {
    const above = places.filter((place) => place !== path && covers(place, path));
    return isReadOnly(above.toSorted((a, b) => b.length - a.length)[0] ?? '');
  });
}

/** The length of the longest path that covers another; 0 if none does. */
const longest = (places: readonly string[], path: string): number =>
  Math.max(0, ...places.filter((place) => covers(place, path)).map(({ length }) => length));
