import { groupBy } from '../../collections.js';
import { type Diagnostic, error, printable } from '../../diagnostic.js';
import { hashesIn, loadedHashes } from '../../machine/state/started-with.js';
import { commandsOf, type UnitState } from '../../machine/unit-state.js';
import { systemctl } from '../../systemd/command-lines.js';
import { findDirective } from '../../systemd/directives/table.js';
import { hasNameOfDropIn } from '../../systemd/paths/own-files.js';
import type { Target } from '../../systemd/target/target.js';
import { EXEC_KEYS } from '../../systemd/unit/exec/keys.js';
import type { Scope } from '../../systemd/unit/search.js';
import type { UnitFile } from '../../systemd/unit/unit-file.js';
import { commandDifferences, type Difference } from './loaded-commands.js';
import { isLoaded, isSettingLoaded } from './loaded-values.js';

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
  const message = `systemd has another value of ${directive}= than the drop-in`;
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
