import type { Diagnostic } from '../diagnostic.js';
import type { Change } from '../emit/changes.js';
import type { Prepared } from '../prepare/prepare.js';
import type { Service } from '../state/service.js';

interface OfUnit {
  readonly unit: string;
  readonly changes: readonly Change[];
  readonly diagnostics: readonly Diagnostic[];
  /** What is applied; `revert` has nothing. */
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
  /** Its services as they are before anything is changed; none offline. */
  readonly services: readonly Service[];
}

/** A unit that a policy is to be applied to. */
export interface PendingApply extends Pending {
  readonly prepared: Prepared;
}

/** A unit that was to be changed. */
export interface Changed extends OfUnit {
  /** `failed`: neither as it shall be nor as it was. */
  readonly state: 'applied' | 'reverted' | 'rolled-back' | 'failed';
  /** A service was, or was tried to be, restarted. */
  readonly restarted: boolean;
  /** Whether every thread's filters were seen, and are as the policy says; undefined where nothing was looked at. */
  readonly verified?: boolean | undefined;
  readonly exit?: number;
}

export type UnitResult = NotChanged | Pending | Changed;

/** Plans units one after the other; of names that stand for one unit the first counts. */
export async function planEach<T extends UnitResult>(
  units: readonly string[],
  plan: (unit: string) => Promise<T>,
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

/** The results, in the place of each the one that came of it later. */
export function updated(results: readonly UnitResult[], later: readonly UnitResult[]): UnitResult[] {
  const byUnit = new Map(later.map((result) => [result.unit, result]));
  return results.map((result) => byUnit.get(result.unit) ?? result);
}
