import { inBatches } from '../../collections.js';
import { type Diagnostic, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failureOf } from '../../machine/state/failures.js';
import { ASKED_AT_ONCE } from '../../machine/state/service.js';
import { currentRun, isRunning, type ServiceRun } from '../../machine/state/service-run.js';
import { hasEffect } from '../../plan/emit/changes.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { type AppliedUnit, inOrder, noting, type Transaction } from '../changed-unit.js';
import { deadlineOf, waitsNote } from '../confirm/pending.js';
import { startTimer, writeBootUnit } from '../confirm/rollback-timer.js';
import type { StepResult } from '../runner.js';
import { keepUndoRecord } from '../undo-record.js';
import { areAsWritten, changedSince, goesLast, writeChanges } from './files.js';

const isToConfirm = ({ confirmWithin }: AppliedUnit): boolean => confirmWithin !== undefined;

/** All units of a run that must be confirmed have the same time for it, in milliseconds. */
const timeOf = (units: readonly AppliedUnit[]): number => units.find(isToConfirm)?.confirmWithin ?? 0;

/**
 * Has the manager undo what a killed run leaves half done: after the time to confirm, or at the next boot. Without that no unit
 * that must be confirmed is written.
 */
export const scheduleRollback =
  ({ context, signals }: Transaction) =>
  async (units: readonly AppliedUnit[]): Promise<readonly StepResult<AppliedUnit>[]> => {
    const schedule = async () => {
      await writeBootUnit(context);
      await startTimer(context, timeOf(units));
    };
    const failures = await failureOf(() => signals.unlessCame(schedule));
    return units.map((unit) => ({ unit, failures: isToConfirm(unit) ? failures : [] }));
  };

/**
 * Ends the change of units that must be confirmed: all their files are as they shall stay, a timer is set, and the records say
 * until when they wait.
 */
export const awaitConfirmation =
  (transaction: Transaction) =>
  async (units: readonly AppliedUnit[]): Promise<readonly StepResult<AppliedUnit>[]> => {
    const { context, signals } = transaction;
    let by = 0;
    const failures = await failureOf(async () => {
      if (units.some(isToConfirm)) by = await signals.unlessCame(() => startTimer(context, timeOf(units)));
    });
    return inOrder(async (unit: AppliedUnit) => {
      if (!isToConfirm(unit)) return { unit };
      return failures.length > 0 ? { unit, failures } : waitUntil(transaction, unit, by);
    })(units);
  };

/** @param by the latest time to confirm it, in milliseconds since the boot */
async function waitUntil({ context, signals }: Transaction, unit: AppliedUnit, by: number) {
  signals.assertNone();
  // A file that was changed meanwhile doesn't go back.
  if (!(await areAsWritten(context.system, unit.record.files)))
    return { unit, failures: [changedSince(context, unit.unit)] };
  await writeChanges(context.system, unit.changes.filter(goesLast));
  const confirmation = { by, runs: await runsOf(context, [...unit.asTheyAre, ...unit.due]) };
  const record = await keepUndoRecord(context, { ...unit.record, confirmation }, unit.record.step);
  const deadline = deadlineOf(context, by);
  const notes = [...untried(context, unit), waitsNote(context, unit.unit, deadline)];
  return { unit: { ...noting(unit, notes), record, deadline } };
}

/** A warning where no service runs by the change yet: that one still gets in then shows nothing. */
function untried(
  { placement: { scope } }: Context,
  { unit, changes, due, services }: AppliedUnit,
): Diagnostic[] {
  if (due.length > 0 || !hasEffect(changes)) return [];
  const first = services.some(({ state }) => isRunning(state))
    ? 'keep another way in until its next start has shown that it works'
    : 'start it before you confirm';
  const hint = `${first}, or '${ownCommand(scope, 'confirm --undo', unit)}' undoes the change`;
  const message = `${unit} was not restarted: its change is untested, so confirming it proves nothing`;
  return [warning('untried', message, { hint })];
}

/** The runs that services are in. */
async function runsOf({ system }: Context, names: readonly string[]): Promise<readonly ServiceRun[]> {
  const runs = await inBatches(names, ASKED_AT_ONCE, async (name) =>
    currentRun(name, await system.unit(name)),
  );
  return runs.filter((run) => run !== undefined);
}
