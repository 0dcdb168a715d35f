import type { Policy } from '../policy/policy.js';
import type { EffectiveUnit } from '../unit/effective.js';
import type { UnitName } from '../unit/name.js';
import type { Target } from './target.js';

/** Where our files will be; undefined for a transient unit, which has none and gets its filter with the command. */
export type Places =
  | { readonly dropIn: string; readonly filterFile: string; readonly programsFolder: string }
  | undefined;

export interface PlanRequest {
  readonly unit: UnitName;
  /** The unit as it is without us. */
  readonly effective: EffectiveUnit;
  /** `Type=` as the manager has it; where nobody says, it is taken from the unit. */
  readonly type?: string | undefined;
  /** The units that the manager joins it with (JoinsNamespaceOf=); where nobody says, they are taken from the unit. */
  readonly partners?: readonly string[] | undefined;
  readonly policy: Policy;
  readonly target: Target;
  readonly places: Places;
  /** Whether `[syscalls]` has passed its checks; without that only the rest is planned. */
  readonly usable: boolean;
}

/** What a policy is put on, and where. */
export type ConfinedUnit = Pick<PlanRequest, 'effective' | 'policy' | 'target'>;

/** With the places of our files. */
export type PlacedUnit = Pick<PlanRequest, 'effective' | 'policy' | 'target' | 'places'>;
