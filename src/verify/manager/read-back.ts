import { groupBy } from '../../collections.js';
import { systemctl } from '../../command-lines.js';
import { type Diagnostic, error, printable } from '../../diagnostic.js';
import { findDirective } from '../../directives/table.js';
import { hasNameOfDropIn, namesFilter } from '../../paths.js';
import type { Plan, PlannedCommands } from '../../plan/plan.js';
import type { UnitProperties } from '../../system/system.js';
import { isLoadedLine, isSameCommand, type LoadedCommand } from './loaded-commands.js';
import { filterBack, logBack } from './loaded-filter.js';
import { isLoaded, isSettingLoaded } from './loaded-values.js';

/**
 * Holds what the manager has loaded against the plan: systemd ignores what it doesn't understand with no more than a
 * warning, and a drop-in that is read later may set the same again, so being written isn't being in force. All that
 * is planned is compared, directives as far as isLoaded() can tell.
 * @param before the unit before our drop-in was written: what the launcher starts must be what systemd started
 */
export function readBack(
  plan: Plan,
  dropIn: string,
  properties: UnitProperties,
  before?: UnitProperties,
): Diagnostic[] {
  const state = properties.get('LoadState');
  if (state !== 'loaded') return [error('not-loaded', `systemd can't load ${plan.unit} now: ${state}`)];
  const dropIns = properties.get('DropInPaths') as string[];
  if (!dropIns.includes(dropIn))
    return [error('not-loaded', `systemd doesn't read ${dropIn}`, { hint: inItsPlace(dropIns, dropIn) })];
  const later = laterHint(dropIns.slice(dropIns.indexOf(dropIn) + 1));
  return [
    ...plan.commands.flatMap((commands) => {
      const wrong = commandsBack(plan, commands, properties, later);
      return wrong.length > 0 ? wrong : programsBack(plan, commands, properties, before);
    }),
    ...filterBack(plan, properties, later),
    ...logBack(plan, properties, later),
    ...directivesBack(plan, properties, later),
  ];
}

/** Where to look for what undoes a line of ours. */
const laterHint = (paths: readonly string[]): string | undefined =>
  paths.length === 0 ? undefined : `read after ours: ${paths.map((path) => printable(path)).join(', ')}`;

function commandsBack(
  plan: Plan,
  { key, lines, wrapped }: PlannedCommands,
  properties: UnitProperties,
  later: string | undefined,
): Diagnostic[] {
  const commands = commandsOf(properties, key);
  const behind = commands.filter(
    ([path, argv]) => path === plan.target.launcher && argv[1] === `--filter=${plan.filterFile}`,
  ).length;
  if (behind === wrapped && commands.length === lines.length) {
    const other = lines.find((line, i) => namesFilter(line) && !isLoadedLine(line, commands[i]));
    if (other === undefined) return [];
    const said = `${key}= of ${plan.unit} isn't loaded as '${printable(other, 120)}'`;
    return [error('not-in-force', said, { hint: later ?? reloadHint(plan) })];
  }
  const message = `${key}= has ${behind} of ${commands.length} commands behind the launcher, not ${wrapped} of ${lines.length}`;
  return [error('not-in-force', message, { hint: later })];
}

/** A manager that has read files which were put back as old as they were doesn't see that they are others. */
const reloadHint = ({ target }: Plan): string =>
  `'${systemctl(target.scope, 'daemon-reload')}' makes systemd read its files again`;

const commandsOf = (properties: UnitProperties, key: string) =>
  (properties.get(`${key}Ex`) ?? []) as readonly LoadedCommand[];

/** Commands that have come to start another program, or the same with other arguments. */
function programsBack(
  { unit, target }: Plan,
  { key }: PlannedCommands,
  properties: UnitProperties,
  before: UnitProperties | undefined,
): Diagnostic[] {
  const originals = before === undefined ? [] : commandsOf(before, key);
  // What goes through the launcher already is an earlier drop-in's, and the unit may have changed since.
  if (originals.some(([path]) => path === target.launcher)) return [];
  const loaded = commandsOf(properties, key);
  return originals
    .filter((original, i) => loaded[i] && !isSameCommand(target.launcher, original, loaded[i]))
    .map(([path]) =>
      error(
        'not-in-force',
        `${key}= of ${unit} would start something else than '${printable(path)}' as it was`,
        {
          hint: 'please report its line: the launcher must get it unchanged',
        },
      ),
    );
}

/** Several entries of the plan may be for one directive: the drop-in has their assignments one after the other. */
function directivesBack(plan: Plan, properties: UnitProperties, later: string | undefined): Diagnostic[] {
  const get = (property: string) => properties.get(property);
  const holds = (name: string, values: readonly string[]) => {
    const row = findDirective(name);
    return row ? isLoaded(row, values, get) : isSettingLoaded(name, values, get);
  };
  return [...groupBy(plan.directives, ({ name }) => name)]
    .filter(
      ([name, entries]) =>
        !holds(
          name,
          entries.flatMap(({ values }) => values),
        ),
    )
    .map(([name]) =>
      error('not-in-force', `${name}= is not in systemd as it is in the drop-in`, {
        hint: later ?? "systemd's log may say why: journalctl --boot _PID=1",
      }),
    );
}

/** What is read in the place of a drop-in of ours, and the way out. */
export function inItsPlace(read: readonly string[], dropIn: string): string | undefined {
  const other = read.find((one) => hasNameOfDropIn(one) && one !== dropIn);
  return other && `systemd reads ${printable(other)} in its place: remove that`;
}
