/** The unit that a command line stands for. */

import { type Diagnostic, didYouMean, error, type Location, printable } from '../../diagnostic.js';
import { type AllowedGaps, tolerateGap } from '../../plan/gaps.js';
import type { PlannedDirective } from '../../plan/plan.js';
import { ARCHITECTURES } from '../../policy/schema.js';
import { errnoNumber } from '../../seccomp/syscalls/errno.js';
import { formatDirective, gapOf, isFormatted } from '../../systemd/directives/format.js';
import { refusals } from '../../systemd/directives/rows/refused.js';
import { findTransient, ownDirectives } from '../../systemd/directives/rows/transient.js';
import { directives, findDirective } from '../../systemd/directives/table.js';
import type { Target } from '../../systemd/target/target.js';
import { quoteExecWord } from '../../systemd/unit/exec/wrap.js';
import type { UnitFile } from '../../systemd/unit/unit-file.js';
import { assertWritable } from '../../systemd/unit/write-unit-file.js';

export interface TransientCommand {
  /** An absolute path, or a name that is looked for where the service is. */
  readonly program: string;
  readonly args: readonly string[];
  /** Whether the manager expands `$NAME` and `${NAME}` in the arguments. */
  readonly expand: boolean;
}

/** An assignment of a directive, as the command line has it. */
export interface UnitSetting {
  readonly name: string;
  readonly text: string;
}

/** A place in no file: the message names the directive. */
const NOWHERE: Location = { file: '', line: 1, column: 1 };
const withoutPlace = ({ at: _, ...rest }: Diagnostic): Diagnostic => rest;

/** The directives that assignments of the command line come to, one entry for each, and errors in others. */
export function transientDirectives(
  settings: readonly UnitSetting[],
  target: Pick<Target, 'systemd' | 'scope' | 'abilities'>,
  { allowGaps = false }: { readonly allowGaps?: AllowedGaps } = {},
): { readonly directives: readonly PlannedDirective[]; readonly diagnostics: readonly Diagnostic[] } {
  const directives: PlannedDirective[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const setting of settings) {
    const values = valuesOf(setting, target);
    if (isValues(values)) directives.push(planned(setting.name, values));
    else {
      const wrong = values.filter((value) => typeof value !== 'string').map(withoutPlace);
      diagnostics.push(...wrong.map((one) => tolerateGap(one, allowGaps)));
    }
  }
  return { directives, diagnostics: [...diagnostics, ...withoutBusName(directives)] };
}

function planned(setting: string, values: readonly string[]): PlannedDirective {
  const row = findTransient(setting);
  const name = row?.writtenAs ?? setting;
  const one = { name, values, because: 'command line' };
  return row?.man === 'systemd.unit' ? { ...one, section: 'Unit' } : one;
}

/** An error about Type=dbus without a name: at least managers before 252 crash when they are given such a unit. */
function withoutBusName(directives: readonly PlannedDirective[]): Diagnostic[] {
  const last = (name: string) => directives.findLast((one) => one.name === name)?.values.at(-1);
  if (last('Type') !== 'dbus' || last('BusName') !== undefined) return [];
  return [
    error('directive-value', "a transient unit can't have 'Type=dbus' without a name on the bus", {
      hint: 'add --property BusName=NAME',
    }),
  ];
}

const isValues = (list: readonly (string | Diagnostic)[]): list is string[] =>
  list.every((value) => typeof value === 'string');

function valuesOf(
  { name, text }: UnitSetting,
  target: Pick<Target, 'systemd' | 'scope' | 'abilities'>,
): readonly (string | Diagnostic)[] {
  const check = SYSTEM_CALLS.get(name);
  if (check) return check(text) ? [text] : [wrongValue(name, text)];
  const row = findTransient(name);
  if (!row) return [unknownSetting(name)];
  const formatted = formatDirective(row, text, NOWHERE);
  if (!isFormatted(formatted)) return formatted;
  const gap = gapOf(row, formatted, NOWHERE, { ...target, privateUsers: true });
  return gap ? [gap] : formatted.values;
}

const wrongValue = (name: string, text: string) =>
  error('directive-value', `'${name}' can't be '${printable(text, 80)}'`);

/**
 * Whether a list of names is fit for the bus. `~` alone names nothing, and there it would take back the names before
 * it.
 */
const isClean = (text: string): boolean =>
  /^[ -~]*$/.test(text) && !/["'\\%]/.test(text) && !/^(?:~ *| +)$/.test(text);

const isErrno = (text: string): boolean =>
  errnoNumber(text) !== undefined || (/^\d{1,4}$/.test(text) && Number(text) > 0 && Number(text) < 4096);

/**
 * Checks of the values of system call directives, which a policy makes of `[syscalls]`. Words that systemd skips are
 * found when the plan is made.
 */
const SYSTEM_CALLS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['SystemCallFilter', isClean],
  ['SystemCallLog', isClean],
  [
    'SystemCallArchitectures',
    (text) =>
      text.split(' ').every((word) => word === '' || (ARCHITECTURES as readonly string[]).includes(word)),
  ],
  ['SystemCallErrorNumber', (text) => text === '' || text === 'kill' || isErrno(text)],
]);

/** Whether `run` knows a directive. */
export const isTransient = (name: string): boolean =>
  SYSTEM_CALLS.has(name) || findTransient(name) !== undefined;

/** Whether a directive confines the command. */
export const confines = (name: string): boolean => {
  const row = findDirective(name);
  return SYSTEM_CALLS.has(name) || row?.strictness !== undefined;
};

/** Other ways to say the same. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['Description', "use '--description'"],
  ['TimeoutSec', 'set TimeoutStartSec= and TimeoutStopSec='],
]);

function unknownSetting(name: string): Diagnostic {
  const shown = printable(name, 64);
  const instead = INSTEAD.get(name);
  const known = [
    ...directives().map((row) => row.name),
    ...ownDirectives().map((row) => row.name),
    ...SYSTEM_CALLS.keys(),
  ];
  if (instead !== undefined || refusals().has(name)) {
    const hint = instead ?? 'name the unit with --unit, and put the directive into a drop-in of that unit';
    return error('refused-directive', `--property doesn't take '${shown}'`, { hint });
  }
  const message = `--property knows no directive '${shown}'`;
  return error('unknown-directive', message, { hint: didYouMean(name, known) });
}

/**
 * The unit file that a transient unit is equal to, for a plan to be made of it, and its lines.
 * @param file the name that diagnostics show
 * @throws UserError `policy-value`, as assertWritable(): systemd keeps a transient unit in a file
 */
export function transientUnitFile(
  file: string,
  { program, args, expand }: TransientCommand,
  directives: readonly PlannedDirective[],
): { readonly file: UnitFile; readonly text: string } {
  const quoted = [program, ...args].map((word) => quoteExecWord(word, { noEnv: true }));
  const entries = [
    ...directives.flatMap(({ section = 'Service', name, values }) =>
      values.map((value) => ({ section, key: name, value })),
    ),
    { section: 'Service', key: 'ExecStart', value: (expand ? '' : ':') + quoted.join(' ') },
  ];
  const assignments = entries.map((entry, i) => {
    assertWritable(entry);
    return { ...entry, at: { file, line: i + 1, column: 1, length: entry.key.length } };
  });
  const text = entries.map(({ key, value }) => `${key}=${value}\n`).join('');
  return { file: { path: file, assignments, diagnostics: [] }, text };
}
