/** The undo records there are: of changes that wait to be confirmed, and of those that are to be undone. */

import { ownCommand } from '../../command-lines.js';
import { type Diagnostic, error, note, warning } from '../../diagnostic.js';
import { MAX_SPAN } from '../../policy/time-span.js';
import { orElse } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import { bootId, readUndoRecord, recordedUnits, type UnreadableRecord } from '../undo-record.js';
import type { Confirmation, UndoRecord } from '../undo-record-format.js';
import { isInTime } from './in-time.js';

/** A change that is done, and waits to be confirmed. */
export type Waiting = UndoRecord & { readonly confirmation: Confirmation };

export interface Stock {
  readonly waiting: readonly Waiting[];
  /** Changes that a run has left half done, and those that were not confirmed in time. */
  readonly unfinished: readonly UndoRecord[];
  readonly unreadable: readonly UnreadableRecord[];
}

export const NOTHING: Stock = { waiting: [], unfinished: [], unreadable: [] };

interface Moment {
  readonly boot: string;
  /** Milliseconds since the boot. */
  readonly uptime: number;
}

/** The latest time to confirm a change, in milliseconds since 1970. @param by the same since the boot */
export const deadlineOf = ({ system }: Context, by: number): number =>
  Math.round(system.now() - system.uptime() + by);

const thisMoment = async (context: Context): Promise<Moment> => ({
  boot: await bootId(context),
  uptime: context.system.uptime(),
});

/** The record of a change that waits. A time that no run can have set is no time to wait for. */
async function waitingOne(
  context: Context,
  record: UndoRecord,
  { boot, uptime }: Moment,
): Promise<Waiting | undefined> {
  const { confirmation } = record;
  if (confirmation === undefined || record.boot !== boot) return undefined;
  const left = confirmation.by - uptime;
  if (left > MAX_SPAN) return undefined;
  return left > 0 || (await isInTime(context, record.unit)) ? { ...record, confirmation } : undefined;
}

/** Reads all records. One that can't be read keeps no other from being found. */
export async function readStock(context: Context): Promise<Stock> {
  const units = await recordedUnits(context);
  if (units.length === 0) return NOTHING;
  const now = await thisMoment(context);
  const waiting: Waiting[] = [];
  const unfinished: UndoRecord[] = [];
  const unreadable: UnreadableRecord[] = [];
  for (const unit of units) {
    const record = await readUndoRecord(context, unit);
    if (record === undefined) continue;
    if ('cause' in record) {
      unreadable.push(record);
      continue;
    }
    const one = await waitingOne(context, record, now);
    if (one) waiting.push(one);
    else unfinished.push(record);
  }
  return { waiting, unfinished, unreadable };
}

export const isToConfirm = (record: UndoRecord): record is Waiting => record.confirmation !== undefined;

/** Changes that wait, and those whose time has passed, as it may while another run has the lock. */
export async function heldRecords(context: Context): Promise<readonly Waiting[]> {
  const { waiting, unfinished } = await readStock(context);
  return [...waiting, ...unfinished.filter(isToConfirm)];
}

/** The longest pause between two looks, in milliseconds. */
const LOOK = 1000;

/** One that is over is waited for only while somebody confirms it. */
const isAhead = (time: number): boolean => time > 0;

/** The time to the next look at changes that wait, in milliseconds: a deadline is met to some milliseconds. */
export function untilNext(context: Context, waiting: readonly Waiting[]): number {
  const now = context.system.uptime();
  return Math.min(LOOK, ...waiting.map(({ confirmation }) => confirmation.by - now).filter(isAhead));
}

/** Units that are to be undone: a record that can't be read is of one, too. */
export async function unitsToUndo(context: Context): Promise<string[]> {
  const { unfinished, unreadable } = await readStock(context);
  return [...unfinished, ...unreadable].map(({ unit }) => unit);
}

/** Units whose changes wait, with the latest times to confirm them in milliseconds since 1970, as far as that is known. */
export const waitingUnits = (context: Context): Promise<ReadonlyMap<string, number>> =>
  withDeadlines(context, async () => (await readStock(context)).waiting);

/** Units as those of waitingUnits(), and those whose time has passed. */
export const heldUnits = (context: Context): Promise<ReadonlyMap<string, number>> =>
  withDeadlines(context, () => heldRecords(context));

async function withDeadlines(
  context: Context,
  find: () => Promise<readonly Waiting[]>,
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

const goesBack = (unit: string, deadline: number): string =>
  `${unit} goes back to how it was at ${timeOfDay(deadline)} unless it is confirmed`;

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
  const message = `${unit} waits to be confirmed until ${timeOfDay(deadline)}, and isn't changed before`;
  return error(UNCONFIRMED, message, { hint: `${keeps(context, unit)}, '${undo}' undoes it` });
};
