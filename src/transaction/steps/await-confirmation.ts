import { inBatches } from '../../collections.js';
import { ownCommand } from '../../command-lines.js';
import { type Diagnostic, warning } from '../../diagnostic.js';
import { hasEffect } from '../../emit/changes.js';
import { failureOf, failuresOf } from '../../state/failures.js';
import { ASKED_AT_ONCE } from '../../state/service.js';
import { currentRun, isRunning, type ServiceRun } from '../../state/service-run.js';
import type { Context } from '../../system/context.js';
import { changedSince } from '../changed-since.js';
import { type AppliedUnit, inOrder, noting, type Transaction } from '../changed-unit.js';
import { arm } from '../confirm/keeper.js';
import { deadlineOf, waitsNote } from '../confirm/stock.js';
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
      const confirmation = { by: context.system.uptime() + confirmWithin, runs };
      const record = await keepUndoRecord(context, { ...unit.record, confirmation }, unit.record.step);
      const deadline = deadlineOf(context, confirmation.by);
      const note = waitsNote(context, unit.unit, deadline);
      waiting = { ...noting(unit, [...untried(context, unit), note]), record, deadline };
      return [];
    });
    return { unit: waiting, failures };
  });

/** A warning where no service runs by the change yet: that one still gets in then shows nothing. */
function untried(
  { placement: { scope } }: Context,
  { unit, changes, due, services }: AppliedUnit,
): Diagnostic[] {
  if (due.length > 0 || !hasEffect(changes)) return [];
  const first = services.some(({ state }) => isRunning(state))
    ? 'have another way in until its next start has shown that it works'
    : 'start it before you confirm';
  const hint = `${first}, or '${ownCommand(scope, 'confirm --undo', unit)}' undoes the change`;
  const message = `nothing of ${unit} was restarted: its change isn't tried, and confirming it proves nothing`;
  return [warning('untried', message, { hint })];
}

/** The runs that services are in. */
async function runsOf({ system }: Context, names: readonly string[]): Promise<readonly ServiceRun[]> {
  const runs = await inBatches(names, ASKED_AT_ONCE, async (name) =>
    currentRun(name, await system.unit(name)),
  );
  return runs.filter((run) => run !== undefined);
}
