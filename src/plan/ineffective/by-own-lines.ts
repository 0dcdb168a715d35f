import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { DirectiveEntry, Policy } from '../../policy/policy.js';
import { loosens } from '../../systemd/directives/against-unit.js';
import { formatDirective, isFormatted } from '../../systemd/directives/format.js';
import { parseSocketRule, within } from '../../systemd/directives/kinds/network/socket-rules.js';
import { findDirective } from '../../systemd/directives/table.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import type { Assignment } from '../../systemd/unit/unit-file.js';
import { allWords, scalarOf, wordsOf } from '../../systemd/unit/values.js';
import { ownValues } from '../unit-values.js';
import { letsAddressesThrough } from './addresses.js';

/** Whether the unit's own values of one directive (`own`) undo the policy's values of another (`ours`). */
type MakesIneffective = (ours: readonly string[], own: readonly string[]) => boolean;

const rules = (values: readonly string[]) => allWords(values).flatMap((word) => parseSocketRule(word) ?? []);

const ports: MakesIneffective = (ours, own) => {
  const allowed = rules(own);
  return rules(ours).some((denied) => allowed.some((outer) => within(outer, denied)));
};

const allDevices: MakesIneffective = (ours, own) =>
  ['closed', 'strict'].includes(scalarOf(ours)) &&
  own.some((line) => ['char-*', 'block-*'].includes(wordsOf(line)[0] ?? ''));

const joined: MakesIneffective = (ours, own) => scalarOf(ours) === 'yes' && scalarOf(own) !== '';

/**
 * Directives of a policy, and the unit's directives that undo them without setting them: only pairs that were seen on
 * systemd 252 to 262. Mounts aren't among them: after the start they are looked at where the service runs.
 */
export const INEFFECTIVE_BY: readonly (readonly [directive: string, by: string, undoes: MakesIneffective])[] =
  [
    ['DevicePolicy', 'DeviceAllow', allDevices],
    ['IPAddressDeny', 'IPAddressAllow', letsAddressesThrough],
    ['SocketBindDeny', 'SocketBindAllow', ports],
    ['PrivateNetwork', 'NetworkNamespacePath', joined],
    ['PrivateIPC', 'IPCNamespacePath', joined],
  ];

/** Gaps where the unit's own lines undo a directive of `[service]`. Lines that the policy sets itself don't count. */
export function ineffective(
  entry: DirectiveEntry,
  values: readonly string[],
  policy: Policy,
  effective: EffectiveUnit,
): Diagnostic[] {
  const isOurs = (name: string) => policy.service.some((one) => one.name === name);
  return INEFFECTIVE_BY.flatMap(([directive, name, undoes]) => {
    const own = directive !== entry.name || isOurs(name) ? [] : effective.list('Service', name);
    if (own.length === 0 || !undoes(values, valuesOf(own))) return [];
    const { at, value } = culprit(own, (one) => undoes(values, one));
    const where = `${printable(at.file)}:${at.line}:${at.column}`;
    const message = `the unit's own '${name}=${printable(value, 60)}' overrides ${entry.name} (${where})`;
    return [error('gap-undone', message, { at: entry.at, hint: wayOut(name, effective) })];
  });
}

const valuesOf = (lines: readonly Assignment[]): string[] => lines.map(({ value }) => value);

/** The first line that undoes the directive by itself, else the first of all. */
const culprit = (own: readonly Assignment[], undoes: (own: readonly string[]) => boolean): Assignment =>
  own.find(({ value }) => undoes([value])) ?? own[0]!;

function wayOut(name: string, effective: EffectiveUnit): string {
  const row = findDirective(name)!;
  const nothing = row.kind.type === 'path' ? '' : [];
  const formatted = formatDirective(row, nothing, { file: name, line: 1, column: 1 });
  const unit = ownValues(effective);
  const resets = isFormatted(formatted) ? formatted.values : [];
  const weaker = loosens(row, unit.get(name)!, resets, unit);
  const reset = `${name} = ${nothing === '' ? '""' : '[]'}${weaker ? ` with loosen = ["${name}"]` : ''}`;
  return `to remove it, set ${reset} in [service]; to keep it, set ${name} there to the unit's own value`;
}
