import type { Outcome } from '../outcome.js';
import { unitsOutcome } from '../report/apply.js';
import type { Context } from '../system/context.js';
import { holdSignals } from '../transaction/held-signals.js';
import { withLock } from '../transaction/lock.js';
import { addLauncher, planRevert, type RevertOptions } from '../transaction/revert/plan.js';
import { revertUnits } from '../transaction/revert/table.js';
import { isToBeChanged, planEach, updated } from '../transaction/unit-result.js';
import { writeOffline } from '../transaction/write-offline.js';

/**
 * Removes the files that apply wrote for units, reloads once, and restarts running services. Files that a drop-in needs
 * go only when the manager has read that the drop-in is gone. A failure of one unit doesn't stop the others.
 */
export async function revert(
  context: Context,
  units: readonly string[],
  options: RevertOptions,
): Promise<Outcome> {
  return withLock(context, options, () => revertEach(context, units, options));
}

async function revertEach(
  context: Context,
  units: readonly string[],
  options: RevertOptions,
): Promise<Outcome> {
  const planned = await planEach(units, (unit) => planRevert(context, unit, options));
  await addLauncher(context, planned);
  const pending = planned.filter(isToBeChanged);
  if (options.check || pending.length === 0) return unitsOutcome(planned, new Map(), options);
  const signals = holdSignals(context);
  try {
    const done = context.offline
      ? await writeOffline(context, pending, 'reverted')
      : await revertUnits({ context, signals }, pending, options);
    return unitsOutcome(updated(planned, done), new Map(), options);
  } finally {
    signals.release();
  }
}
