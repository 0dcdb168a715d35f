import { emitted } from '../directives/against-unit.js';
import { formatDirective, isFormatted } from '../directives/format.js';
import { findDirective } from '../directives/table.js';
import type { Policy } from '../policy/policy.js';
import type { EffectiveUnit } from '../unit/effective.js';
import type { UnitValues } from '../unit/values.js';
import { ownValues } from './unit-values.js';

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
