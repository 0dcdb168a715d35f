import type { Policy } from '../policy/policy.js';
import type { Target } from '../systemd/target/target.js';
import type { EffectiveUnit } from '../systemd/unit/effective.js';
import type { UnitName } from '../systemd/unit/name.js';
import type { SocketRules } from './ineffective/by-sockets.js';

/** The paths of our files; undefined for a transient unit, which has none and gets its filter with the command. */
export type Places =
  | {
      readonly dropIn: string;
      readonly filterFile: string;
      readonly readyFile: string;
    }
  | undefined;

/** Facts about a unit that the files of others decide, as the manager has them. */
export interface Surroundings {
  /** IPAddressAllow= of the unit's slices, `10.0.0.0/8`, by the slice's name. */
  readonly allowed: ReadonlyMap<string, readonly string[]>;
  /** Rules of the socket units that hand it IP sockets, by their names. */
  readonly sockets: ReadonlyMap<string, SocketRules>;
}

export interface PlanRequest {
  readonly unit: UnitName;
  /** The unit as it is without us. */
  readonly effective: EffectiveUnit;
  /** `Type=` as the manager has it; if undefined, the unit's files decide. */
  readonly type?: string | undefined;
  /** Undefined where no manager is asked. */
  readonly surroundings?: Surroundings | undefined;
  readonly policy: Policy;
  readonly target: Target;
  readonly places: Places;
  /** Whether `[syscalls]` has passed its checks; else only the rest is planned. */
  readonly usable: boolean;
}

/** A unit, its policy and its target. */
export type ConfinedUnit = Pick<PlanRequest, 'effective' | 'policy' | 'target'>;

/** A unit, its policy and its target, with the paths of our files. */
export type PlacedUnit = Pick<PlanRequest, 'effective' | 'policy' | 'target' | 'places'>;
