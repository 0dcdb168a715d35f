import { asWarning, type Diagnostic, warning } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { failureOf, failuresOf } from '../machine/state/failures.js';
import { STAYS_STOPPED } from '../machine/state/stopped.js';
import { notInTime } from './confirm/pending.js';
import { type Spare, undoSteps } from './runner.js';
import { commitUndone } from './steps/commit.js';
import { changedSince, isChangedSince } from './steps/files.js';
import { restartAsBefore, type UndoOptions } from './steps/undo-restart.js';
import { reloadBack, unwriteFiles } from './steps/write.js';
import type { UndoRecord } from './undo-record.js';
import { forgetUndoRecord } from './undo-record.js';
import { UNDER_WAY } from './wait-for.js';

/** The undoing halves of the steps that have one, in their order. */
export const undoes = (context: Context, how: UndoOptions = {}) => ({
  write: { name: 'write', undo: unwriteFiles(context), mustBeUndone: true } as const,
  reload: { name: 'reload', undo: reloadBack(context), mustBeUndone: true } as const,
  restart: { name: 'restart', undo: restartAsBefore(context, how) } as const,
  commit: { name: 'commit', undo: commitUndone(context) } as const,
});

/**
 * Rolls units back by their records alone.
 * @returns diagnostics, one list a record: isRestored() tells of each whether its unit is as it was
 */
export const rollBack = (
  context: Context,
  records: readonly UndoRecord[],
  how: UndoOptions & { readonly spare?: Spare<UndoRecord> } = {},
): Promise<(readonly Diagnostic[])[]> => undoSteps(Object.values(undoes(context, how)), records, how.spare);

/** Spares a unit whose files somebody else has changed. */
export const sparesChanged =
  (context: Context): Spare<UndoRecord> =>
  async (record) => {
    // A defect of the program spares the unit, too, and leaves its record to recovery.
    const said = await failuresOf(async () => {
      if (!(await isChangedSince(context, record))) return [];
      const forgotten = await failureOf(() => forgetUndoRecord(context, record.unit));
      return [changedSince(context, record.unit), ...forgotten];
    });
    return said.length > 0 ? said : undefined;
  };

/** Whether a unit is as it was, or systemd is at work on that, by the diagnostics of its roll-back: somebody else's stop stays. */
export const isRestored = (said: readonly Diagnostic[]): boolean =>
  said.every(({ code }) => code === STAYS_STOPPED || code === UNDER_WAY);

/** Tells of the roll-back of a change that a run has left half done, or that nobody has confirmed in time. */
export const saidOfRollBack = (
  record: UndoRecord,
  problems: readonly Diagnostic[],
): readonly Diagnostic[] => [isRestored(problems) ? isBack(record) : notBack(record), ...problems];

const isBack = ({ unit, confirmation }: UndoRecord): Diagnostic =>
  confirmation
    ? asWarning(notInTime(unit))
    : warning('put-back', `a run was interrupted while it changed ${unit}; ${unit} was rolled back`);

const notBack = ({ unit, confirmation }: UndoRecord): Diagnostic => {
  const what = confirmation ? 'was not confirmed in time' : 'was left half changed by an interrupted run';
  return warning('half-done', `${unit} ${what}, and could not be rolled back completely`);
};
