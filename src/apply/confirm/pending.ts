/** Pending undo records: of changes that wait to be confirmed, and of those that are to be undone. */

import { type Diagnostic, error, note, UserError, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { MAX_SPAN } from '../../systemd/time-span.js';
import type { Confirmation, UndoRecord } from '../undo-record.js';
import { bootId, readUndoRecord, recordedUnits, type UnreadableRecord } from '../undo-record.js';
import type { UnitResult } from '../unit-result.js';

/** The record of a change that is done, and is to be confirmed. */
export type PendingRecord = UndoRecord & { readonly confirmation: Confirmation };

export interface PendingUndos {
  /** Changes that can still be confirmed. */
  readonly waiting: readonly PendingRecord[];
  /** Changes that a run has left half done, and those that were not confirmed in time. */
  readonly due: readonly UndoRecord[];
  readonly unreadable: readonly UnreadableRecord[];
}

/** The latest time to confirm a change, in milliseconds since 1970. @param by the same since the boot */
export const deadlineOf = ({ system }: Context, by: number): number =>
  Math.round(system.now() - system.uptime() + by);

const isToConfirm = (record: UndoRecord): record is PendingRecord => record.confirmation !== undefined;

/** Reads all records. One that can't be read keeps no other from being found. */
export async function readPending(context: Context): Promise<PendingUndos> {
  const waiting: PendingRecord[] = [];
  const due: UndoRecord[] = [];
  const unreadable: UnreadableRecord[] = [];
  const units = await recordedUnits(context);
  const boot = units.length > 0 ? await bootId(context) : '';
  for (const unit of units) {
    const record = await readUndoRecord(context, unit);
    if (record === undefined) continue;
    if ('cause' in record) unreadable.push(record);
    else if (isInTime(context, record, boot)) waiting.push(record);
    else due.push(record);
  }
  return { waiting, due, unreadable };
}

/** Whether a change can still be confirmed. A time that no run can have set is no time to wait for. */
function isInTime({ system }: Context, record: UndoRecord, boot: string): record is PendingRecord {
  if (!isToConfirm(record) || record.boot !== boot) return false;
  const left = record.confirmation.by - system.uptime();
  return left > 0 && left <= MAX_SPAN;
}

/** Those of some units whose changes wait. */
export async function waitingOf(
  context: Context,
  units: readonly string[],
): Promise<readonly PendingRecord[]> {
  const { waiting } = await readPending(context);
  return waiting.filter(({ unit }) => units.includes(unit));
}

/** Changes that wait, and those whose time has passed since this run has the lock: their records say what there was. */
export async function unconfirmedRecords(context: Context): Promise<readonly PendingRecord[]> {
  const { waiting, due } = await readPending(context);
  return [...waiting, ...due.filter(isToConfirm)];
}

/** Units that are to be undone: a record that can't be read is of one, too. */
export async function unitsToUndo(context: Context): Promise<string[]> {
  const { due, unreadable } = await readPending(context);
  return [...due, ...unreadable].map(({ unit }) => unit);
}

/** Units whose changes wait, with the latest times to confirm them in milliseconds since 1970, as far as that is known. */
export const waitingUnits = (context: Context): Promise<ReadonlyMap<string, number>> =>
  withDeadlines(context, async () => (await readPending(context)).waiting);

/** Units of unconfirmedRecords(), with times as those of waitingUnits(). */
export const unconfirmedUnits = (context: Context): Promise<ReadonlyMap<string, number>> =>
  withDeadlines(context, () => unconfirmedRecords(context));

async function withDeadlines(
  context: Context,
  find: () => Promise<readonly PendingRecord[]>,
): Promise<ReadonlyMap<string, number>> {
  const found = context.offline ? [] : await orElse(find, []);
  return new Map(found.map((one) => [one.unit, deadlineOf(context, one.confirmation.by)]));
}

/** A time for people, UTC: `2026-11-28T09:30:00Z`. @param time milliseconds since 1970 */
export const timeOfDay = (time: number): string => new Date(time).toISOString().replace(/\.\d+/, '');

/** The code of what is said of a change that waits. */
export const UNCONFIRMED = 'unconfirmed';

/** The code of what is said of a change that was undone, since nobody confirmed it. */
export const NOT_CONFIRMED = 'not-confirmed';

export const notInTime = (unit: string): Diagnostic =>
  error(NOT_CONFIRMED, `${unit} was not confirmed in time, and is rolled back`);

const goesBack = (unit: string, deadline: number): string =>
  `${unit} is rolled back at ${timeOfDay(deadline)} unless the change is confirmed`;

const keeps = ({ placement: { scope } }: Context, unit: string): string =>
  `'${ownCommand(scope, 'confirm', unit)}' keeps it`;

/** @param deadline milliseconds since 1970 */
export const waitsNote = (context: Context, unit: string, deadline: number): Diagnostic =>
  note(UNCONFIRMED, goesBack(unit, deadline), { hint: keeps(context, unit) });

/** @param deadline milliseconds since 1970 */
export const stillWaits = (context: Context, unit: string, deadline: number): Diagnostic =>
  warning(UNCONFIRMED, goesBack(unit, deadline), { hint: keeps(context, unit) });

/** An error for a unit that can't be changed while it waits. @param deadline milliseconds since 1970 */
export const waitsFirst = (context: Context, unit: string, deadline: number): Diagnostic => {
  const undo = ownCommand(context.placement.scope, 'confirm --undo', unit);
  const message = `${unit} waits to be confirmed until ${timeOfDay(deadline)}, and can't be changed before that`;
  return error(UNCONFIRMED, message, { hint: `${keeps(context, unit)}, '${undo}' undoes it` });
};

/**
 * Refuses to change units that wait to be confirmed: what there was before them would be lost. One that needs no change
 * gets a note that it waits.
 */
export async function refuseWaiting<T extends UnitResult>(
  context: Context,
  planned: readonly T[],
): Promise<(T | Refused<T>)[]> {
  const waiting = await unconfirmedUnits(context);
  return planned.map((one) => {
    const deadline = waiting.get(one.unit);
    if (deadline === undefined || one.state === 'refused') return one;
    const { unit, diagnostics } = one;
    if (one.state !== 'pending')
      return { ...one, diagnostics: [...diagnostics, stillWaits(context, unit, deadline)] };
    return { ...one, state: 'refused', diagnostics: [...diagnostics, waitsFirst(context, unit, deadline)] };
  });
}

/** A unit whose change was planned, and is refused. */
type Refused<T> = Omit<T, 'state'> & { readonly state: 'refused' };

/** @throws UserError `unconfirmed` */
export async function assertNotWaiting(context: Context, unit: string): Promise<void> {
  const deadline = (await unconfirmedUnits(context)).get(unit);
  if (deadline !== undefined) throw new UserError(waitsFirst(context, unit, deadline));
}
