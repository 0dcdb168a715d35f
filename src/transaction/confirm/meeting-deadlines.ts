/**
 * The run that has the lock meets the deadlines of other changes: the deadline keeper can't while a trial lasts, or a service
 * doesn't come to the end of its start.
 */

import { type Diagnostic, renderDiagnostic } from '../../diagnostic.js';
import { removeUnusedPrograms } from '../../prepare/load/installed-programs.js';
import { failureOf, orElse } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import { rollBack, saidOfRollBack, sparesChanged } from '../roll-back.js';
import { heldRecords, isToConfirm, NOTHING, readStock, untilNext, type Waiting } from './stock.js';

/**
 * Takes a step, and undoes meanwhile what nobody confirms in time, when its time has passed. That is told at once. Whoever
 * calls it has the lock, and has undone what was due before.
 * @param inHand units that the step itself may undo
 */
export async function meetingDeadlines<T>(
  context: Context,
  inHand: readonly string[],
  step: () => Promise<T>,
): Promise<T> {
  const records = context.offline ? [] : await orElse(() => heldRecords(context), []);
  const held = records.map(({ unit }) => unit);
  const left = new Set(held.filter((unit) => !inHand.includes(unit)));
  if (left.size === 0) return step();
  const running = step();
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  const end = running.then(over, over);
  const undoing: Promise<readonly Diagnostic[]>[] = [];
  let installs = false;
  try {
    while (left.size > 0 && !isOver) {
      const { waiting, unfinished } = await orElse(() => readStock(context), NOTHING);
      const late = unfinished.filter(isToConfirm).filter(({ unit }) => left.has(unit));
      for (const { unit } of late) left.delete(unit);
      installs ||= late.some((record) => record.installs);
      if (late.length > 0) undoing.push(failureOf(() => undo(context, late)));
      const alarm = context.system.alarm(untilNext(context, waiting));
      await Promise.race([end, alarm.rung]);
      alarm.stop();
    }
  } finally {
    // Whatever happens here, the lock stays as long as the step runs.
    await end;
  }
  const wrong = (await Promise.all(undoing)).flat();
  if (installs) wrong.push(...(await failureOf(() => removeUnusedPrograms(context))));
  for (const one of wrong) context.caller.tell(renderDiagnostic(one));
  return running;
}

/** Undoes changes, but for installed programs: the step may be about to use them. */
async function undo(context: Context, records: readonly Waiting[]): Promise<void> {
  const said = await rollBack(
    context,
    records.map((record) => ({ ...record, installs: false })),
    { spare: sparesChanged(context) },
  );
  const all = records.flatMap((record, i) => saidOfRollBack(record, said[i]!));
  for (const one of all) context.caller.tell(renderDiagnostic(one));
}
