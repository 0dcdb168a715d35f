import { undoRecords } from '../../apply/confirm/confirm.js';
import { unconfirmedRecords } from '../../apply/confirm/pending.js';
import { withLock } from '../../apply/lock.js';
import { addPrograms, planRevert, type RevertOptions } from '../../apply/revert/plan.js';
import { revertUnits } from '../../apply/revert/table.js';
import {
  isToBeChanged,
  type NotChanged,
  type Pending,
  planEach,
  type UnitResult,
  updated,
} from '../../apply/unit-result.js';
import { writeOffline } from '../../apply/write-offline.js';
import { note } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { holdSignals } from '../../machine/held-signals.js';
import { orElse } from '../../machine/state/failures.js';
import type { Outcome } from '../../outcome.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import { unitsOutcome } from '../report/apply.js';

/**
 * Removes the files that apply wrote for units, reloads once, and restarts running services. Files that a drop-in needs
 * go only when the manager has read that the drop-in is gone. A failure of one unit doesn't stop the others. Of a unit that
 * waits to be confirmed the change is undone first.
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
  const undone = options.check ? [] : await undoWaiting(context, units);
  const found = await planEach(units, (unit) => planRevert(context, unit, options));
  const planned = found.map((one) => withUndone(one, undone));
  await addPrograms(context, planned);
  const pending = planned.filter(isToBeChanged);
  const shown = { ...options, theme: context.caller.theme };
  if (options.check || pending.length === 0) return unitsOutcome(planned, new Map(), shown);
  const done = await changeUnits(context, pending, options);
  return unitsOutcome(updated(planned, done), new Map(), shown);
}

async function changeUnits(
  context: Context,
  pending: readonly Pending[],
  options: RevertOptions,
): Promise<UnitResult[]> {
  const signals = holdSignals(context);
  try {
    return context.offline
      ? await writeOffline(context, pending, 'reverted')
      : await revertUnits({ context, signals }, pending, options);
  } finally {
    signals.release();
  }
}

/** Undoes the changes of units that wait to be confirmed: there may be files of before, and programs that go with them. */
async function undoWaiting(context: Context, units: readonly string[]): Promise<readonly UnitResult[]> {
  if (context.offline) return [];
  const names = await Promise.all(
    units.map((unit) => orElse(async () => (await namedUnit(context, unit)).name, unit)),
  );
  const records = (await unconfirmedRecords(context)).filter(({ unit }) => names.includes(unit));
  return records.length === 0 ? [] : undoRecords(context, records);
}

/** A planned unit with what is to be said of the undoing of its change. One that isn't as it was is not touched further. */
function withUndone<T extends UnitResult>(planned: T, undone: readonly UnitResult[]): T | NotChanged {
  const found = undone.find(({ unit }) => unit === planned.unit);
  if (!found) return planned;
  const diagnostics = [
    note('put-back', `the unconfirmed change of ${found.unit} was rolled back`),
    ...found.diagnostics,
    ...planned.diagnostics,
  ];
  const isBack = found.state === 'rolled-back';
  return isBack ? { ...planned, diagnostics } : { ...planned, state: 'refused', diagnostics };
}
