import type { Diagnostic } from '../../diagnostic.js';
import { failureOf } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import { type ChangedUnit, inOrder, stepResult, type Transaction } from '../changed-unit.js';
import type { Undo } from '../runner.js';
import type { UndoRecord } from '../undo-record-format.js';
import { goesLast, isNeeded, undoFiles, writeChanges } from './files.js';

/** Writes a unit's files. Files that the loaded drop-in may need stay until the commit. */
export const writeFiles = <U extends ChangedUnit>({ context, signals }: Transaction) =>
  inOrder((unit: U) =>
    stepResult(unit, async () => {
      signals.assertNone();
      await writeChanges(
        context.system,
        unit.changes.filter((change) => !goesLast(change)),
      );
      return [];
    }),
  );

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
