import { inBatches } from '../../collections.js';
import { asWarning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failureOf, orElse } from '../../machine/state/failures.js';
import { removeUnusedPrograms } from '../../prepare/load/installed-programs.js';
import { isInstalledProgram } from '../../systemd/paths/programs.js';
import { forgetConfined, markConfined } from '../../verify/drift/taken-away.js';
import {
  type AppliedUnit,
  atOnce,
  type ChangedUnit,
  inOrder,
  noting,
  type Transaction,
} from '../changed-unit.js';
import { CHANGED_AT_ONCE } from '../restart-order.js';
import type { Undo } from '../runner.js';
import type { UndoRecord } from '../undo-record.js';
import { forgetUndoRecord } from '../undo-record.js';
import { areAsWritten, changedSince, goesLast, isNeeded, undoFiles, writeChanges } from './files.js';

/**
 * Removes files that are needed no more, and the record: from here on nothing is undone. A unit that waits to be confirmed
 * is left.
 */
export const commitApplied = ({ context }: Transaction) =>
  atOnce(async (unit: AppliedUnit) => {
    if (unit.record.confirmation) return { unit };
    const isUnchanged = await orElse(() => areAsWritten(context.system, unit.record.files), false);
    const failures = await failureOf(async () => {
      await writeChanges(context.system, unit.changes.filter(goesLast));
      await forgetUndoRecord(context, unit.unit);
    });
    if (!isUnchanged) return { unit: changedMeanwhile(context, unit), failures };
    if (failures.length === 0) await markConfined(context, unit.unit);
    return { unit, failures };
  });

/** A unit whose files somebody changed during the trial: the trial proves nothing about them. */
function changedMeanwhile(context: Context, unit: AppliedUnit): AppliedUnit {
  return { ...noting(unit, [asWarning(changedSince(context, unit.unit))]), verified: false };
}

/** Removes the files that the removed drop-in needed, and the record. Installed programs stay until all units are done. */
export const commitReverted = ({ context }: Transaction) =>
  inOrder(async (unit: ChangedUnit) => {
    const rest = unit.changes.filter(
      (change) => goesLast(change) && !isInstalledProgram(context.placement, change.path),
    );
    await writeChanges(context.system, rest);
    await forget(context, unit.unit);
    return { unit };
  });

/** Deletes both records of a unit without a policy, the undo record last: recovery needs the other one. */
export async function forget(context: Context, unit: string): Promise<void> {
  await forgetConfined(context, unit);
  await forgetUndoRecord(context, unit);
}

/** Removes the files that only the new drop-in needed, and the record. */
export const commitUndone =
  (context: Context): Undo<UndoRecord> =>
  (records) =>
    inBatches(records, CHANGED_AT_ONCE, ({ unit, files, installs }) =>
      failureOf(async () => {
        await undoFiles(context.system, files.filter(isNeeded));
        if (installs) await removeUnusedPrograms(context);
        await forgetUndoRecord(context, unit);
      }),
    );
