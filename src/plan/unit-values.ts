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
