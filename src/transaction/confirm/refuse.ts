import { UserError } from '../../diagnostic.js';
import type { Context } from '../../system/context.js';
import type { UnitResult } from '../unit-result.js';
import { stillWaits, unconfirmedUnits, waitsFirst } from './pending.js';

/**
 * Refuses to change units that wait to be confirmed: what there was before them would be lost. Of one that needs no change
 * it is told that it waits.
 */
export async function refuseWaiting<T extends UnitResult>(
  context: Context,
  planned: readonly T[],
): Promise<(T | Refused<T>)[]> {
  const waiting = await unconfirmedUnits(context);
  return planned.map((one) => {
    const deadline = waiting.get(one.unit);
    if (deadline === undefined || one.state === 'refused') return one;
    const { unit, diagnostics } = one;
    if (one.state !== 'pending')
      return { ...one, diagnostics: [...diagnostics, stillWaits(context, unit, deadline)] };
    return { ...one, state: 'refused', diagnostics: [...diagnostics, waitsFirst(context, unit, deadline)] };
  });
}

/** A unit whose change was planned, and is refused. */
type Refused<T> = Omit<T, 'state'> & { readonly state: 'refused' };

/** @throws UserError `unconfirmed` */
export async function assertNotWaiting(context: Context, unit: string): Promise<void> {
  const deadline = (await unconfirmedUnits(context)).get(unit);
  if (deadline !== undefined) throw new UserError(waitsFirst(context, unit, deadline));
}
