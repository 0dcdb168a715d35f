import type { Diagnostic } from '../diagnostic.js';
import type { Change } from '../emit/changes.js';
import type { Prepared } from '../prepare/prepare.js';
import type { Service } from '../state/service.js';
import type { Undo } from './undo-record.js';

/** What became of one unit. */
export interface UnitResult {
  readonly unit: string;
  /** `failed`: neither as it shall be nor as it was. */
  readonly state: 'unchanged' | 'pending' | 'applied' | 'reverted' | 'refused' | 'rolled-back' | 'failed';
  readonly changes: readonly Change[];
  readonly diagnostics: readonly Diagnostic[];
  /** The service was, or was tried to be, restarted. */
  readonly restarted?: boolean;
  /** Whether every thread's filters were seen, and are as the policy says; undefined where nothing was looked at. */
  readonly verified?: boolean | undefined;
  /** What runs by it, as it was before anything was changed; nothing offline. */
  readonly services?: readonly Service[];
  /** The way back, where something is changed. */
  readonly undo?: Undo;
  readonly prepared?: Prepared;
  /** Where the machine is at fault, and not the policy or the unit. */
  readonly exit?: number;
}

/** Plans units one after the other; of names that stand for one unit the first counts. */
export async function planEach(
  units: readonly string[],
  plan: (unit: string) => Promise<UnitResult>,
): Promise<UnitResult[]> {
  const planned: UnitResult[] = [];
  for (const unit of units) {
    const result = await plan(unit);
    if (!planned.some((other) => other.unit === result.unit)) planned.push(result);
  }
  return planned;
}

/** The results, in the place of each the one that came of it later. */
export function updated(results: readonly UnitResult[], later: readonly UnitResult[]): UnitResult[] {
  const byUnit = new Map(later.map((result) => [result.unit, result]));
  return results.map((result) => byUnit.get(result.unit) ?? result);
}
