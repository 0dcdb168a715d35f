import type { Policy } from '../policy/policy.js';
import type { Target } from '../target/target.js';
import type { EffectiveUnit } from '../unit/effective.js';
import type { UnitName } from '../unit/name.js';
import type { SocketRules } from './ineffective/by-sockets.js';

/** Where our files will be; undefined for a transient unit, which has none and gets its filter with the command. */
export type Places =
  | { readonly dropIn: string; readonly filterFile: string; readonly programsFolder: string }
  | undefined;

/** What holds for a unit by the files of others, as the manager has it. */
export interface Surroundings {
  /** The units that it is joined with (JoinsNamespaceOf=), whichever of them says so. */
  readonly partners: readonly string[];
  /** What slices allow that it is in, as IPAddressAllow= has it: `10.0.0.0/8`, by the slice's name. */
  readonly allowed: ReadonlyMap<string, readonly string[]>;
  /** The socket units that hand it sockets on IP, by name. */
  readonly sockets: ReadonlyMap<string, SocketRules>;
}

export interface PlanRequest {
  readonly unit: UnitName;
  /** The unit as it is without us. */
  readonly effective: EffectiveUnit;
  /** `Type=` as the manager has it; where nobody says, it is taken from the unit. */
  readonly type?: string | undefined;
  /** Where nobody says what other units' files have, partners are taken from the unit's own. */
  readonly surroundings?: Surroundings | undefined;
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
