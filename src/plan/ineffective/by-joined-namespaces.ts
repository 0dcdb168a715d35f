import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { DirectiveEntry } from '../../policy/policy.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import { scalarOf, wordsOf } from '../../unit/values.js';

/** Directives whose namespaces joined units share, by the value for which that was seen. */
const SHARED: ReadonlyMap<string, string> = new Map([
  ['PrivateIPC', 'yes'],
  ['PrivateNetwork', 'yes'],
  ['PrivateTmp', 'yes'],
]);

/** The units in JoinsNamespaceOf= of the unit's own files; other units' files may join it, too. */
export const partnersIn = (effective: EffectiveUnit): readonly string[] =>
  effective.all('Unit', 'JoinsNamespaceOf').flatMap(({ value }) => wordsOf(value));

/**
 * A gap if a namespace of the unit's own is also another unit's. systemd only looks whether the other unit is up: a
 * partner without such a namespace leaves the unit in the host's.
 * @param partners the units that it is joined with, by either's files
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
