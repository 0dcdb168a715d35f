import type { Diagnostic } from '../diagnostic.js';
import type { Explanation } from '../explain/explanation.js';
import type { Service } from '../machine/state/service.js';
import type { FileChange } from '../plan/emit/changes.js';
import type { Prepared } from '../prepare/prepare.js';
import type { LiveChange } from './live/live-change.js';

interface OfUnit {
  readonly unit: string;
  readonly changes: readonly FileChange[];
  readonly diagnostics: readonly Diagnostic[];
  /** The policy and its plan; undefined for `revert`. */
  readonly prepared?: Prepared;
}

/** A unit that nothing is done to. */
export interface NotChanged extends OfUnit {
  readonly state: 'unchanged' | 'refused';
  readonly services?: readonly Service[];
  /** The exit status where the machine is at fault, and not the policy or the unit. */
  readonly exit?: number;
}

/** A unit that is to be changed. */
export interface Pending extends OfUnit {
  readonly state: 'pending';
  /** The unit's services as they are before anything is changed; none offline. */
  readonly services: readonly Service[];
}

/** A unit that a policy is to be applied to. */
export interface PendingApply extends Pending {
  readonly prepared: Prepared;
  /** The change that its services get as they run; undefined where they are restarted. */
  readonly live?: LiveChange | undefined;
}

/** A unit that was to be changed. */
export interface ChangeResult extends OfUnit {
  /** `failed`: neither as it shall be nor as it was; `unconfirmed`: it goes back unless somebody confirms it. */
  readonly state: 'applied' | 'unconfirmed' | 'confirmed' | 'reverted' | 'rolled-back' | 'failed';
  /** Whether a restart of a service was tried. */
  readonly restarted: boolean;
  /** Whether the processes of a service were given filters as they run; undefined where that was not to be done. */
  readonly tightened?: boolean | undefined;
  /** Whether every thread's filters were seen, and are as the policy says; undefined where nothing was looked at. */
  readonly verified?: boolean | undefined;
  /** Calls that its services were refused while they were tried; undefined where that could not be seen. */
  readonly refusals?: readonly Explanation[] | undefined;
  readonly exit?: number;
  /** The latest time to confirm it, in milliseconds since 1970. */
  readonly deadline?: number | undefined;
}

export type UnitResult = NotChanged | Pending | ChangeResult;

/** Plans units one after the other. A unit that is named twice, be it by an alias, is planned once. */
export async function planEach<U, T extends UnitResult>(
  units: readonly U[],
  plan: (unit: U) => Promise<T>,
): Promise<T[]> {
  const planned: T[] = [];
  for (const unit of units) {
    const result = await plan(unit);
    if (!planned.some((other) => other.unit === result.unit)) planned.push(result);
  }
  return planned;
}

export const isToBeChanged = <T extends UnitResult>(result: T): result is Extract<T, Pending> =>
  result.state === 'pending';

/** Replaces results by later ones of the same units. */
export function updated(results: readonly UnitResult[], later: readonly UnitResult[]): UnitResult[] {
  const byUnit = new Map(later.map((result) => [result.unit, result]));
  return results.map((result) => byUnit.get(result.unit) ?? result);
}

/** Whether a policy is to be applied to a unit, and its plan is known. */
export const isToBeApplied = (result: UnitResult): result is PendingApply =>
  result.state === 'pending' && result.prepared !== undefined;
