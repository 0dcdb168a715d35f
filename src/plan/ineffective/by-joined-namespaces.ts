import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { DirectiveEntry } from '../../policy/policy.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import { scalarOf, wordsOf } from '../../unit/values.js';

/** What a unit has in common with those that it is joined with, by the value for which that was seen. */
const SHARED: ReadonlyMap<string, string> = new Map([
  ['PrivateIPC', 'yes'],
  ['PrivateNetwork', 'yes'],
  ['PrivateTmp', 'yes'],
]);

/** The units that a unit's own files join it with; others' files may do so, too. */
export const partnersIn = (effective: EffectiveUnit): readonly string[] =>
  effective.all('Unit', 'JoinsNamespaceOf').flatMap(({ value }) => wordsOf(value));

/**
 * A gap where a namespace of the unit's own is also another's. systemd looks only at whether the other one is up: one
 * without such a namespace leaves the unit in the host's.
 * @param partners the units that it is joined with, whichever of them says so
 */
export function joinedNamespace(
  { name, at }: DirectiveEntry,
  values: readonly string[],
  partners: readonly string[],
): Diagnostic[] {
  const isShared = SHARED.get(name) === scalarOf(values);
  if (!isShared || partners.length === 0) return [];
  const others = partners.map((one) => printable(one, 60)).join(', ');
  const message = `JoinsNamespaceOf= undoes ${name}: the unit may be in the namespaces of ${others}`;
  const hint = `take JoinsNamespaceOf= out of the file of the one or the other: it holds for both; --allow-gaps says that it is meant`;
  return [error('gap-undone', message, { at, hint })];
}
