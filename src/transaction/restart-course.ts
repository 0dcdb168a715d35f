import type { Context } from '../system/context.js';
import type { ChangedUnit } from './changed-unit.js';
import { restartOrder } from './restart-order.js';
import { sparesChanged } from './roll-back.js';

/** The part that is common to the courses of `apply` and `revert`: units go in turns, and their services in rounds. */
export const restartCourse = <U extends ChangedUnit>(context: Context) => ({
  recordOf: ({ record }: U) => record,
  turns: (units: readonly U[]) => restartOrder(units),
  rest: (unit: U): U => ({ ...unit, now: [] }),
  spare: sparesChanged(context),
});
