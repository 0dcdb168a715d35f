import { failureOf } from '../../state/failures.js';
import { type ChangedUnit, inOrder, type Transaction } from '../changed-unit.js';
import { keepRecord } from '../record.js';

/** Keeps on disk what there is, before a unit's first file is written: whatever ends the run, the next one undoes it. */
export const keepRecords = <U extends ChangedUnit>({ context, signals }: Transaction) =>
  inOrder(async (unit: U) => {
    let { record } = unit;
    const failures = await failureOf(async () => {
      signals.assertNone();
      record = await keepRecord(context, record, 'write');
    });
    return { unit: { ...unit, record }, failures };
  });
