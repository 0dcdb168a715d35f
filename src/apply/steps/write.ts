/** The first steps of a change: its record, its files, and systemd's reading of them. */
import type { Diagnostic } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failureOf } from '../../machine/state/failures.js';
import { type ChangedUnit, inOrder, type Transaction } from '../changed-unit.js';
import type { StepResult, Undo } from '../runner.js';
import type { UndoRecord } from '../undo-record.js';
import { keepUndoRecord } from '../undo-record.js';
import { goesLast, isNeeded, undoFiles, writeChanges } from './files.js';

/** Writes the records of units to disk, before their first file is written. */
export const keepUndoRecords = <U extends ChangedUnit>({ context, signals }: Transaction) =>
  inOrder(async (unit: U) => {
    signals.assertNone();
    return { unit: { ...unit, record: await keepUndoRecord(context, unit.record, 'write') } };
  });

/** Writes a unit's files. Files that the loaded drop-in may need stay until the commit. */
export const writeFiles = <U extends ChangedUnit>({ context, signals }: Transaction) =>
  inOrder(async (unit: U) => {
    signals.assertNone();
    await writeChanges(
      context.system,
      unit.changes.filter((change) => !goesLast(change)),
    );
    return { unit };
  });

/** Puts the old drop-in and its files back. Files that only the new drop-in needs stay until the commit. */
export const unwriteFiles =
  ({ system }: Context): Undo<UndoRecord> =>
  async (records) => {
    const said: (readonly Diagnostic[])[] = [];
    for (const { files } of records) {
      const old = files.filter((file) => !isNeeded(file));
      said.push(await failureOf(() => undoFiles(system, old)));
    }
    return said;
  };

/** Makes systemd read all files, once for all units. */
export const reload =
  ({ context, signals }: Transaction) =>
  async <U extends ChangedUnit>(units: readonly U[]): Promise<StepResult<U>[]> => {
    const failures = await failureOf(() => signals.unlessCame(() => context.system.reload()));
    return units.map((unit) => ({ unit, failures }));
  };

/** Makes systemd read the files that are there again. */
export const reloadBack =
  ({ system }: Context): Undo<UndoRecord> =>
  async (records) => {
    const failures = await failureOf(() => system.reload());
    return records.map(() => failures);
  };
