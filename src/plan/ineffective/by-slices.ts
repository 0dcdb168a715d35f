import { type Diagnostic, error } from '../../diagnostic.js';
import type { DirectiveEntry, Policy } from '../../policy/policy.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import { valuesOfAll } from '../unit-values.js';
import { opensAddresses } from './addresses.js';

/**
 * A gap where the slices that a unit is in allow addresses that it is to be denied: systemd asks one table, of its own
 * IPAddressAllow= and theirs (systemd.resource-control(5)), and what is allowed in it isn't denied. What the unit itself or
 * the policy allows is meant.
 * @param allowed what each of them allows, as IPAddressAllow= has it
 */
export function allowedBySlices(
  { name, at }: DirectiveEntry,
  values: readonly string[],
  policy: Policy,
  effective: EffectiveUnit,
  allowed: ReadonlyMap<string, readonly string[]>,
): Diagnostic[] {
  if (name !== 'IPAddressDeny' || allowed.size === 0) return [];
  const meant = valuesOfAll(policy, effective).get('IPAddressAllow') ?? [];
  const open = [...allowed].filter(([, list]) => opensAddresses(values, list, meant));
  if (open.length === 0) return [];
  const slices = open.map(([slice]) => slice).join(', ');
  const message = `IPAddressAllow= of ${slices} undoes ${name}: it holds for all units in a slice`;
  const hint = `take it out of the slice's files, or give the unit another slice (Slice=); --allow-gaps says that it is meant`;
  return [error('gap-undone', message, { at, hint })];
}
