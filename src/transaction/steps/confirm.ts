import { inBatches } from '../../collections.js';
import { failureOf, failuresOf } from '../../state/failures.js';
import { ASKED_AT_ONCE } from '../../state/service.js';
import { currentRun, type ServiceRun } from '../../state/service-run.js';
import type { Context } from '../../system/context.js';
import { changedSince } from '../changed-since.js';
import { type AppliedUnit, inOrder, noting, type Transaction } from '../changed-unit.js';
import { arm } from '../confirm/keeper.js';
import { deadlineOf, uptime, waitsNote } from '../confirm/stock.js';
import type { StepResult } from '../runner.js';
import { keepUndoRecord } from '../undo-record.js';
import { areAsWritten, goesLast, writeChanges } from './files.js';

/** Has the manager undo, from here on, what is left half done or not confirmed. Without that no unit that waits is written. */
export const armKeeper =
  ({ context, signals }: Transaction) =>
  async (units: readonly AppliedUnit[]): Promise<readonly StepResult<AppliedUnit>[]> => {
    const failures = await failureOf(() => signals.unlessCame(() => arm(context)));
    return units.map((unit) => ({ unit, failures: unit.confirmWithin === undefined ? [] : failures }));
  };

/**
 * Ends the change of units that must be confirmed: all their files are as they shall stay, and the record says until when it
 * waits.
 */
export const awaitConfirmation = ({ context, signals }: Transaction) =>
  inOrder(async (unit: AppliedUnit) => {
    let waiting = unit;
    const { confirmWithin } = unit;
    if (confirmWithin === undefined) return { unit, failures: [] };
    const failures = await failuresOf(async () => {
      signals.assertNone();
      // A file that somebody else has changed doesn't go back.
      if (!(await areAsWritten(context.system, unit.record.files))) return [changedSince(context, unit.unit)];
      await writeChanges(context.system, unit.changes.filter(goesLast));
      const runs = await runsOf(context, [...unit.asTheyAre, ...unit.due]);
      const confirmation = { by: (await uptime(context)) + confirmWithin, runs };
      const record = await keepUndoRecord(context, { ...unit.record, confirmation }, unit.record.step);
      const deadline = await deadlineOf(context, { confirmation });
      const note = waitsNote(context, unit.unit, deadline);
      waiting = { ...noting(unit, [note]), record, deadline };
      return [];
    });
    return { unit: waiting, failures };
  });

/** The runs that services are in. */
async function runsOf({ system }: Context, names: readonly string[]): Promise<readonly ServiceRun[]> {
  const runs = await inBatches(names, ASKED_AT_ONCE, async (name) =>
    currentRun(name, await system.unit(name)),
  );
  return runs.filter((run) => run !== undefined);
}
