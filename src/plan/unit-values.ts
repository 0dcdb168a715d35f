import type { EffectiveUnit } from '../unit/effective.js';
import type { UnitValues } from '../unit/values.js';
import type { PlannedDirective } from './plan.js';

/** What the directives of a unit will be: the unit's own lines, then those of the drop-in. */
export const plannedValues = (
  effective: EffectiveUnit,
  directives: readonly PlannedDirective[],
): UnitValues => ({
  get: (name) => [
    ...effective.all('Service', name).map(({ value }) => value),
    ...directives.filter((directive) => directive.name === name).flatMap(({ values }) => values),
  ],
});
