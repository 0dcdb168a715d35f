import { failureOf } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import type { ChangedUnit, Transaction } from '../changed-unit.js';
import type { StepResult, Undo } from '../runner.js';
import type { UndoRecord } from '../undo-record-format.js';

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
