import type { Policy } from '../policy/policy.js';
import { emitted } from '../systemd/directives/against-unit.js';
import { formatDirective, isFormatted } from '../systemd/directives/format.js';
import { findDirective } from '../systemd/directives/table.js';
import type { EffectiveUnit } from '../systemd/unit/effective.js';
import type { UnitValues } from '../systemd/unit/values.js';
import type { PlannedDirective } from './plan.js';

/** The values of a unit's own lines. */
export const ownValues = (effective: EffectiveUnit) => ({
  get: (name: string): readonly string[] => effective.all('Service', name).map(({ value }) => value),
});

/** The planned values of directives: the unit's own lines, then those of the drop-in. */
export const plannedValues = (
  effective: EffectiveUnit,
  directives: readonly PlannedDirective[],
): UnitValues => ({
  get: (name) => [
    ...ownValues(effective).get(name),
    ...directives.filter((directive) => directive.name === name).flatMap(({ values }) => values),
  ],
});

/** The planned values of directives: the unit's own lines, then those of the policy. */
export const valuesOfAll = (policy: Policy, effective: EffectiveUnit): UnitValues => ({
  get: (name) => {
    const own = ownValues(effective).get(name);
    return [...own, ...emittedValues(policy, name, own)];
  },
});

function emittedValues({ service }: Policy, name: string, own: readonly string[]): readonly string[] {
  return service
    .filter((one) => one.name === name)
    .flatMap(({ value, valueAt }) => {
      const row = findDirective(name);
      const formatted = row ? formatDirective(row, value, valueAt) : [];
      return row && isFormatted(formatted) ? emitted(row, own, formatted.values) : [];
    });
}
