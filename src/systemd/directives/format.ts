import { type Diagnostic, error, type Location } from '../../diagnostic.js';
import type { Lack } from '../target/abilities.js';
import type { Target } from '../target/target.js';
import type { Directive, ValueReading, YoungPart } from './directive.js';
import { byteLength, MAX_VALUE, reject } from './values/text.js';

/** The right-hand sides of a value, and what of them is younger than their directive. */
export interface Formatted {
  readonly values: readonly string[];
  readonly needs: readonly YoungPart[];
}

/**
 * Checks the value that a policy gives a directive and writes it as a unit file has it.
 *
 * A list of strings is taken word for word: an element is one word to systemd, in quotes if it must be. A text
 * in place of a list is what systemd itself would read, words with spaces between them. An empty text, or an
 * empty list where that can't be mistaken, is the empty assignment that takes earlier ones back. Specifiers are
 * kept where systemd expands them.
 *
 * @param value as TOML has it: a boolean, an integer, a text or a list.
 * @param at place of the value.
 * @returns the right-hand sides, one for each assignment and in their order; none holds a line break. Or, as an array,
 *   all that is wrong.
 */
export function formatDirective(row: Directive, value: unknown, at: Location): Formatted | Diagnostic[] {
  const reading: ValueReading = { row, at, problems: [], needs: [] };
  const { problems, needs } = reading;
  const written = value === '' ? [] : (row.kind.format(reading, value) ?? []);
  const values = written.length === 0 ? [''] : written;
  if (problems.length === 0 && values.includes('') && row.reset !== '') {
    reject(reading, "a value, since systemd can't unset it", value);
  }
  if (values.some((text) => byteLength(text) > MAX_VALUE)) {
    problems.push(error('directive-value', `the value of '${row.name}' is too long`, { at }));
  }
  return problems.length > 0 ? problems : { values, needs };
}

/** Whether a value could be written. */
export const isFormatted = (result: Formatted | Diagnostic[]): result is Formatted => !Array.isArray(result);

/** The facts that a gap depends on. `privateUsers`: the policy or the unit sets PrivateUsers=. */
export type GapTarget = Pick<Target, 'systemd' | 'scope'> &
  Partial<Pick<Target, 'abilities'>> & { readonly privateUsers?: boolean };

/** The gap of a value; undefined, too, if the value is wrong. */
export function directiveGap(
  row: Directive,
  value: unknown,
  at: Location,
  target: GapTarget,
): Diagnostic | undefined {
  const formatted = formatDirective(row, value, at);
  return isFormatted(formatted) ? gapOf(row, formatted, at, target) : undefined;
}

/**
 * Why the target would not put a directive into force although its unit file has it: systemd ignores a name or
 * a value that it doesn't know, with no more than a warning. Undefined if nothing is in the way.
 */
export function gapOf(
  row: Directive,
  { values, needs }: Formatted,
  at: Location,
  target: GapTarget,
): Diagnostic | undefined {
  const running = `systemd ${target.systemd}`;
  const gap = (what: string, hint: string) => error('gap-directive', what, { at, hint });
  if (row.since > target.systemd) return gap(`${running} ignores '${row.name}'`, update(row.since));
  if (row.until !== undefined && row.until <= target.systemd) {
    return gap(`${running} ignores '${row.name}', which systemd ${row.until} removed`, 'leave it out');
  }
  const need = needs.find((entry) => entry.since > target.systemd);
  if (need) return gap(`${running} doesn't know ${need.what} of '${row.name}'`, update(need.since));
  const lack = isOff(values) ? undefined : lackOf(row, target);
  if (lack) return gap(`'${row.name}' would have no effect: ${lack.reason}`, `${lack.hint}; or leave it out`);
  return target.scope === 'user' ? userGap(row, target, gap) : undefined;
}

/** A value that closes nothing needs nothing. */
const isOff = (values: readonly string[]): boolean =>
  values.every((value) => ['', 'no', 'infinity'].includes(value));

const lackOf = ({ ineffective, needs = [] }: Directive, { abilities }: GapTarget): Lack | undefined =>
  ineffective ?? needs.map((need) => abilities?.lacks.get(need)).find((lack) => lack !== undefined);

const update = (since: number) => `it needs systemd ${since} or later: update the target, or leave it out`;

/** First systemd whose user manager makes the user namespace that most of its sandboxing needs (NEWS of 254). */
const IMPLIES_PRIVATE_USERS = 254;

function userGap(row: Directive, target: GapTarget, gap: (what: string, hint: string) => Diagnostic) {
  const only = row.systemOnly;
  if (only === true || (only && target.systemd < only.before)) {
    return gap(`the user manager does not enforce '${row.name}'`, 'make it a system unit, or leave it out');
  }
  const needsUsers = row.mountNamespace || row.userNamespace;
  if (needsUsers && target.systemd < IMPLIES_PRIVATE_USERS && !target.privateUsers) {
    const what = `the user manager of systemd ${target.systemd} does not enforce '${row.name}' by itself`;
    return gap(what, "set 'PrivateUsers = true' as well");
  }
  return undefined;
}
