import { failureOf } from '../../state/failures.js';
import { type ChangedUnit, inOrder, type Transaction } from '../changed-unit.js';
import { keepUndoRecord } from '../undo-record.js';

/** Writes the records of units to disk, before their first file is written. */
export const keepUndoRecords = <U extends ChangedUnit>({ context, signals }: Transaction) =>
  inOrder(async (unit: U) => {
    let { record } = unit;
    const failures = await failureOf(async () => {
      signals.assertNone();
      record = await keepUndoRecord(context, record, 'write');
    });
    return { unit: { ...unit, record }, failures };
  });
