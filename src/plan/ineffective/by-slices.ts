import { type Diagnostic, error } from '../../diagnostic.js';
import type { DirectiveEntry, Policy } from '../../policy/policy.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import { valuesOfAll } from '../unit-values.js';
import { opensAddresses } from './addresses.js';

/**
 * A gap if a slice of the unit allows addresses that the policy denies. systemd looks an address up in one table of the
 * unit's own IPAddressAllow= and its slices', and an allowed one isn't denied (systemd.resource-control(5)). Addresses
 * that the unit itself or the policy allows are meant.
 * @param allowed values of IPAddressAllow=, by the slice's name
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
  const message = `IPAddressAllow= of ${slices} overrides ${name}: it applies to all units in a slice`;
  const hint = `remove it from the slice's files, or give the unit another slice (Slice=); --allow-gaps accepts it`;
  return [error('gap-undone', message, { at, hint })];
}
