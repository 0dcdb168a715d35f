/** Changes units of one `apply`: some get a policy, others lose theirs. */
import type { Context } from '../../machine/context.js';
import { holdSignals } from '../../machine/held-signals.js';
import type { Transaction } from '../changed-unit.js';
import type { ConfirmOption } from '../confirm/within.js';
import { revertUnits } from '../revert/table.js';
import { type PendingApply, type UnitResult, updated } from '../unit-result.js';
import { writeOffline } from '../write-offline.js';
import type { ApplyOptions } from './plan.js';
import { type Purge, pendingPurge, planPurge } from './purge.js';
import { applyUnits } from './table.js';

/** Units that would lose their policy. @param planned those that would get or keep one */
export async function leavingUnits(
  context: Context,
  purge: Purge,
  planned: readonly UnitResult[],
  options: ApplyOptions,
): Promise<UnitResult[]> {
  const leaving = await planPurge(context, purge, options);
  // A unit that stays confined keeps the launcher.
  const isLast = planned.every(({ state }) => state === 'refused');
  return updated(leaving, isLast ? await pendingPurge(context, leaving) : []);
}

/** Units that get a policy, and units that lose theirs. */
interface Changing {
  readonly pending: readonly PendingApply[];
  readonly purge: Purge;
  readonly confirm: ConfirmOption;
}

export async function changeUnits(
  context: Context,
  { pending, purge, confirm }: Changing,
  options: ApplyOptions,
): Promise<{ readonly done: readonly UnitResult[]; readonly gone: readonly UnitResult[] }> {
  const signals = holdSignals(context, (name) =>
    context.caller.tell(`${name}: rolling back unfinished changes …`),
  );
  try {
    const done = context.offline
      ? await writeOffline(context, pending, 'applied')
      : await applyUnits({ context, signals }, pending, { ...options, confirm });
    return { done, gone: await purgeUnits({ context, signals }, purge, options) };
  } finally {
    signals.release();
  }
}

/** Reverts units by their state when the others are done, one of which may have begun to need the launcher. */
async function purgeUnits(
  transaction: Transaction,
  purge: Purge,
  options: ApplyOptions,
): Promise<UnitResult[]> {
  if (purge.units.length === 0) return [];
  const { context } = transaction;
  const planned = await planPurge(context, purge, options);
  const pending = await pendingPurge(context, planned);
  const done = context.offline
    ? await writeOffline(context, pending, 'reverted')
    : await revertUnits(transaction, pending, options);
  return updated(planned, done);
}
