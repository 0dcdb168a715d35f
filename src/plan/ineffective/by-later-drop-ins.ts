import { groupBy } from '../../collections.js';
import { type Diagnostic, error, type Location, printable } from '../../diagnostic.js';
import { findTransient } from '../../systemd/directives/rows/transient.js';
import { findDirective } from '../../systemd/directives/table.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import { EXEC_KEYS } from '../../systemd/unit/exec/keys.js';
import { fileName } from '../../systemd/unit/path.js';
import { isReadAfter } from '../../systemd/unit/search.js';
import { type Assignment, parseUnitFile } from '../../systemd/unit/unit-file.js';
import type { PlannedCommands, PlannedDirective } from '../plan.js';

/** Conflicts between our drop-in and others, by their file names. */

/** The parts of a plan that go into the drop-in. */
interface DropInPlan {
  readonly directives: readonly PlannedDirective[];
  readonly commands: readonly PlannedCommands[];
}

/** The diagnostics with `overridden` in front: others may follow from it. */
export function overriddenFirst(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const isFirst = ({ code }: Diagnostic) => code === 'overridden';
  return [...diagnostics.filter(isFirst), ...diagnostics.filter((one) => !isFirst(one))];
}

/**
 * Errors about drop-ins that systemd reads after ours and that set one of its keys again: ours isn't in force then.
 * @param dropIn the path that ours will have; undefined for a transient unit, which comes before all drop-ins
 */
export function overridden(
  effective: EffectiveUnit,
  dropIn: string | undefined,
  { directives, commands }: DropInPlan,
): Diagnostic[] {
  const planned = groupBy(directives, ({ name }) => name);
  const wrapped = commands.map(({ key }) => key);
  return [...new Set([...planned.keys(), ...wrapped])].flatMap((key) => {
    const section = planned.get(key)?.[0]?.section ?? 'Service';
    const later = effective.all(section, key).filter((line) => isAfter(line, dropIn));
    const ours = planned.get(key)?.flatMap(({ values }) => values) ?? [];
    const texts = later.map(({ value }) => value);
    const isInForce = !later[0] || (!wrapped.includes(key) && isKept(key, ours, texts));
    return isInForce ? [] : [setAgain(later[0]!, dropIn)];
  });
}

/** Errors about lines of a drop-in of ours, as it is on disk, that other drop-ins override. */
export function overriddenIn(
  effective: EffectiveUnit,
  { path, content }: { readonly path: string; readonly content: Uint8Array },
): Diagnostic[] {
  const lines = parseUnitFile(path, content).assignments.filter(({ section }) => section === 'Service');
  // Fields of the journal say nothing about how a service runs.
  const byKey = [...groupBy(lines, ({ key }) => key)].filter(([key]) => key !== 'LogExtraFields');
  return overridden(effective, path, {
    directives: byKey
      .filter(([key]) => !EXEC_KEYS.includes(key))
      .map(([name, all]) => ({ name, values: all.map(({ value }) => value), because: '' })),
    commands: byKey
      .filter(([key]) => EXEC_KEYS.includes(key))
      .map(([key]) => ({ key, lines: [], wrapped: 0 })),
  });
}

/** Whether later lines leave ours in force: both only add to a list, or both only take from one. */
function isKept(key: string, ours: readonly string[], later: readonly string[]): boolean {
  const row = findTransient(key);
  const values = [...ours, ...later];
  // A list of interfaces from which everything has been taken restricts nothing.
  if (row?.merge === 'intersect' && row.kind.type !== 'interfaces') {
    return values.every((value) => value.startsWith('~') && value !== '~');
  }
  const adds = row?.merge === 'append' || row?.kind.type === 'paths';
  return adds && !row.kind.keyed && values.every((value) => value !== '' && value !== row.reset);
}

/** Whether systemd reads a line after our drop-in. The unit file itself comes first, whatever its name. */
const isAfter = ({ at }: Assignment, dropIn: string | undefined): boolean =>
  at.file.endsWith('.conf') && (dropIn === undefined || isReadAfter(at.file, dropIn));

function setAgain({ key, at }: Assignment, own: string | undefined): Diagnostic {
  const rename =
    own && `rename ${printable(fileName(at.file))} so that it sorts before ${fileName(own)}, or `;
  return error('overridden', `this '${key}=' overrides sandbox-unit's: systemd reads it later`, {
    at,
    hint: `${rename ?? ''}mask it with a link to /dev/null and move the line into the policy`,
  });
}

/**
 * Errors about lines of a drop-in that has the file name of ours: a template's, or one below /usr. systemd reads only
 * one of the two, so that the lines would be lost. Lines that ours sets again as a whole are no loss.
 * @param dropIn the path that ours will have
 */
export function shadowed(
  effective: EffectiveUnit,
  dropIn: string | undefined,
  { directives, commands }: DropInPlan,
): Diagnostic[] {
  if (dropIn === undefined) return [];
  const isHidden = ({ at }: { at: Location }) => fileName(at.file) === fileName(dropIn);
  const wrapped = EXEC_KEYS.flatMap((key) => effective.execCommands(key)).find(
    (command) => isHidden(command) && LOADS_FILTER.test(command.path.value),
  );
  if (wrapped) return [filterLost(wrapped.at)];
  const keys = [...directives.filter(isWhole).map(({ name }) => name), ...commands.map(({ key }) => key)];
  const kept = new Set(keys.flatMap((key) => effective.all('Service', key)));
  const lost = effective.assignments.filter((line) => isHidden(line) && !kept.has(line));
  return lost.map(lineLost);
}

/** The paths of programs that load filters, wherever they are installed. */
const LOADS_FILTER = /\/sandbox-unit\/(?:launcher|tighten)$/;

/** Whether a directive's assignments mean the same whatever comes before them. */
function isWhole({ name, values }: PlannedDirective): boolean {
  const row = findDirective(name);
  const isScalar = name === 'SystemCallErrorNumber' || row?.merge === 'scalar';
  return isScalar || values[0] === (row?.reset ?? '');
}

const INSTEAD = "sandbox-unit's drop-in would replace this one, which has the same name";

const filterLost = (at: Location) =>
  error('shadows', `${INSTEAD}, and its filter would be lost`, {
    at,
    hint: "remove it with 'revert', and let the policy extend the policy that it was made from",
  });

const lineLost = ({ key, at }: Assignment) =>
  error('shadows', `${INSTEAD}, and this '${printable(key, 60)}=' would be lost`, {
    at,
    hint: 'set it in the policy too, or rename this file so that systemd still reads it',
  });
