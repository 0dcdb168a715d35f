import { groupBy } from '../../collections.js';
import { type Diagnostic, error, printable } from '../../diagnostic.js';
import { hashesIn, loadedHashes } from '../../machine/state/started-with.js';
import { commandsOf, type LoadedCommand, type NameList, type UnitState } from '../../machine/unit-state.js';
import { systemctl } from '../../systemd/command-lines.js';
import type { Directive, Get } from '../../systemd/directives/directive.js';
import { SETTINGS } from '../../systemd/directives/settings.js';
import { findDirective } from '../../systemd/directives/table.js';
import { hasNameOfDropIn, namesFilter, namesReadyFilter } from '../../systemd/paths/own-files.js';
import type { Target } from '../../systemd/target/target.js';
import { EXEC_KEYS } from '../../systemd/unit/exec/keys.js';
import { argumentsOf, scanExecLine } from '../../systemd/unit/exec/line.js';
import type { Scope } from '../../systemd/unit/search.js';
import type { UnitFile } from '../../systemd/unit/unit-file.js';
import { sinceReset } from '../../systemd/unit/values.js';

/** A drop-in as it was planned, of which the manager shall have every line. */
export interface PlannedDropIn {
  /** The unit that is asked about: of a template one of its instances, too. */
  readonly unit: string;
  readonly target: Pick<Target, 'scope'>;
  readonly dropIn: UnitFile;
}

/**
 * Holds the manager's properties of a unit against the drop-in: systemd ignores what it doesn't understand with no more
 * than a warning, and a drop-in that is read later may set the same again, so being written isn't being in force.
 */
export function readBack(
  { unit, target, dropIn }: PlannedDropIn,
  state: UnitState,
  found: readonly Difference[] = differences(dropIn, state, target.scope),
): Diagnostic[] {
  const { loadState, dropInPaths: dropIns } = state;
  if (loadState !== 'loaded') return [error('not-loaded', `systemd can't load ${unit} now: ${loadState}`)];
  const { path } = dropIn;
  if (!dropIns.includes(path))
    return [error('not-loaded', `systemd doesn't read ${path}`, { hint: inItsPlace(dropIns, path) })];
  const later = laterHint(dropIns.slice(dropIns.indexOf(path) + 1));
  // A manager that has read files which were put back as old as they were doesn't see that they are others.
  const reload = `'${systemctl(target.scope, 'daemon-reload')}' makes systemd read its files again`;
  return found.map(({ message, hint = reload }) => error('drift-loaded', message, { hint: later ?? hint }));
}

/**
 * Holds the manager's properties of a unit against the lines of a drop-in of ours, directive by directive: how
 * many commands start behind the launcher, values as far as isLoaded() can tell.
 * @param dropIn which the manager says it has read
 */
export function differences(dropIn: UnitFile, state: UnitState, scope: Scope): Difference[] {
  const get = (property: string) => state.properties.get(property);
  return [...groupBy(dropIn.assignments, ({ key }) => key)].flatMap(([key, lines]) => {
    const values = lines.map(({ value }) => value);
    if (EXEC_KEYS.includes(key)) return commandDifferences(key, values, commandsOf(state, key));
    if (key === 'LogExtraFields') return textDifferences(key, values, state);
    return valueDifferences(key, values, get, scope);
  });
}

/** The hash of the unit's files is one of the drop-in's lines: another one is of another text. */
function textDifferences(directive: string, values: readonly string[], state: UnitState): Difference[] {
  const loaded = loadedHashes(state);
  if (loaded.length === 0 || hashesIn(values).some((hash) => loaded.includes(hash))) return [];
  return [{ directive, message: `${directive}= as loaded by systemd belongs to other files` }];
}

function valueDifferences(
  directive: string,
  values: readonly string[],
  get: (property: string) => unknown,
  scope: Scope,
): Difference[] {
  const row = findDirective(directive);
  if (row ? isLoaded(row, values, get) : isSettingLoaded(directive, values, get)) return [];
  const message = `${directive}= as loaded by systemd differs from the drop-in`;
  const log =
    scope === 'user' ? 'journalctl --user --boot --user-unit=init.scope' : 'journalctl --boot _PID=1';
  return [{ directive, message, hint: `systemd's log may say why: ${log}` }];
}

/** Where to look for the file that undoes a line of ours. */
const laterHint = (paths: readonly string[]): string | undefined =>
  paths.length === 0
    ? undefined
    : `drop-ins that are read later: ${paths.map((path) => printable(path)).join(', ')}`;

/** The file that is read in the place of a drop-in of ours, and the way out. */
export function inItsPlace(read: readonly string[], dropIn: string): string | undefined {
  const other = read.find((one) => hasNameOfDropIn(one) && one !== dropIn);
  return other && `systemd reads ${printable(other)} instead: remove that file`;
}

/** A command, whatever became of it. */
type PathAndArguments = Pick<LoadedCommand, 'path' | 'argv'>;

/**
 * Holds the commands of an Exec key as loaded against the lines of a drop-in: how many there are, and how many of them with a
 * filter of ours.
 */
function commandDifferences(
  key: string,
  values: readonly string[],
  loaded: readonly PathAndArguments[],
): Difference[] {
  const lines = sinceReset(values);
  const ours = lines.filter(isOurs);
  const are = loaded.filter((command) => ours.some((line) => isOf(line, command))).length;
  if (are === ours.length && loaded.length === lines.length) return [];
  const how = ours.some(namesReadyFilter) ? 'with a filter of sandbox-unit' : 'behind the launcher';
  const message = `${key}= has ${are} of ${loaded.length} commands ${how}; expected ${ours.length} of ${lines.length}`;
  return [{ directive: key, message }];
}

const isOurs = (text: string): boolean => namesFilter(text) || namesReadyFilter(text);

const NOWHERE = { file: '', line: 1, column: 1 };

/** Whether a command is the program of a line, with the filter of that line; what a specifier became isn't known. */
function isOf(line: string, { path, argv }: PathAndArguments): boolean {
  const [command] = scanExecLine(line, NOWHERE).commands;
  if (command === undefined || path !== command.path.value) return false;
  const words = argumentsOf(command);
  const at = words.findIndex(isOurs);
  // Bytes that aren't UTF-8 have no text.
  return at >= 0 && (/[%\ufffd]/.test(words[at]!) || argv[at + 1] === words[at]);
}

/** One thing that the manager has otherwise than a drop-in of ours says. */
interface Difference {
  readonly directive: string;
  readonly message: string;
  /** The way out where no other drop-in is read after ours. */
  readonly hint?: string;
}

/**
 * Whether the manager has loaded what a drop-in assigns to a directive. What can not be seen counts as loaded:
 * a scalar's empty value, specifiers, shares of the machine's memory, flags of directories, and the order of lists.
 * A list that the drop-in begins with a reset has to be exactly ours; one without comes on top of the unit's own, and
 * has to hold all of ours. What another directive implies (DynamicUser=yes) isn't held against the weaker value.
 * @param values all right-hand sides of the drop-in, in their order, empty ones included
 */
export function isLoaded(row: Directive, values: readonly string[], get: Get): boolean {
  if (get(row.bus.property) === undefined || isImplied(row, values.at(-1), get)) return true;
  return row.kind.isLoaded?.(row, values, get) ?? false;
}

const isImplied = ({ impliedBy, strictness }: Directive, value: string | undefined, get: Get): boolean =>
  impliedBy !== undefined && get(impliedBy) === true && value === strictness?.unset;

/** Whether the manager has loaded what a drop-in assigns to a directive that isn't in the table of `[service]`. */
export function isSettingLoaded(name: string, values: readonly string[], get: Get): boolean {
  const value = get(name);
  if (value === undefined) return true;
  if (name === 'SystemCallFilter') return isKindLoaded(values, value as NameList);
  return SETTINGS.get(name)?.isLoaded?.(values, get) ?? true;
}

/** Whether a list of calls is of the same kind: single calls are seen in the kernel's filters, once the unit was started. */
function isKindLoaded(values: readonly string[], [allows, listed]: NameList): boolean {
  const [first] = sinceReset(values);
  if (first === undefined) return !allows && listed.length === 0;
  return listed.length > 0 && allows !== first.startsWith('~');
}
