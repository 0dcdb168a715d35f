/** Directives of a host's defaults that are no match for what a unit has itself. */

import { type Diagnostic, note } from '../diagnostic.js';
import type { DirectiveEntry, Policy } from '../policy/policy.js';
import { loosens } from '../systemd/directives/against-unit.js';
import { formatDirective, isFormatted } from '../systemd/directives/format.js';
import { findDirective } from '../systemd/directives/table.js';
import type { EffectiveUnit } from '../systemd/unit/effective.js';
import type { UnitValues } from '../systemd/unit/values.js';
import { ownValues } from './unit-values.js';

/**
 * The policy without the directives of the host's defaults that would weaken what the unit has: the unit's own stay. A
 * policy that names one in `loosen` keeps it.
 * @returns the policy, and a note about each directive that is left out
 */
export function withoutWeakerDefaults(
  policy: Policy,
  effective: EffectiveUnit,
): { readonly policy: Policy; readonly notes: readonly Diagnostic[] } {
  const unit = ownValues(effective);
  const notes = new Map<DirectiveEntry, Diagnostic>();
  for (const entry of policy.service) {
    const { name, at } = entry;
    const isMeant = !entry.isDefault || policy.loosen.some(({ value }) => value === name);
    const reason = isMeant ? undefined : whyWeaker(entry, unit);
    if (reason === undefined) continue;
    notes.set(entry, note('loosens', `${name} of the host's defaults is left out: ${reason}`, { at }));
  }
  const service = policy.service.filter((entry) => !notes.has(entry));
  return { policy: { ...policy, service }, notes: [...notes.values()] };
}

/** Why a directive is weaker than what the unit has; undefined where it isn't, or is wrong by itself. */
function whyWeaker({ name, value, valueAt }: DirectiveEntry, unit: UnitValues): string | undefined {
  const row = findDirective(name);
  const formatted = row && formatDirective(row, value, valueAt);
  return row && formatted && isFormatted(formatted)
    ? loosens(row, unit.get(name) ?? [], formatted.values, unit)
    : undefined;
}
