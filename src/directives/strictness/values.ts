/** What the rules of `loosens` compare. */

import type { UnitValues } from '../../unit/values.js';
import type { Directive } from '../table.js';

/** One directive: what the unit has, and what it would have with the policy's drop-in. */
export interface Comparison {
  readonly row: Directive;
  readonly before: readonly string[];
  /** What the policy asks for, as `formatDirective` writes it. */
  readonly after: readonly string[];
  /** What the drop-in would write. */
  readonly emitted: readonly string[];
  readonly unit: UnitValues;
}

/** Why the policy's value is weaker than the unit's own, else undefined. */
export type Rule = (comparison: Comparison) => string | undefined;
