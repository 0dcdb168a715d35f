/** Changes that wait are confirmed, or undone at once. The callers have the lock. */

import { inBatches } from '../../collections.js';
import { type Diagnostic, error, hasErrors, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { HeldSignals } from '../../machine/held-signals.js';
import { failuresOf } from '../../machine/state/failures.js';
import { ASKED_AT_ONCE } from '../../machine/state/service.js';
import { isFinished, isSameRun, isUp, type ServiceRun } from '../../machine/state/service-run.js';
import type { UnitState } from '../../machine/unit-state.js';
import { systemctl } from '../../systemd/command-lines.js';
import { markConfined } from '../../verify/drift/taken-away.js';
import { isRestored, rollBack, sparesChanged } from '../roll-back.js';
import { changedSince, fileStates } from '../steps/files.js';
import { forgetUndoRecord } from '../undo-record.js';
import type { ChangeResult, NotChanged } from '../unit-result.js';
import { notInTime, type PendingRecord, unconfirmedRecords } from './pending.js';
import { cancelRollback } from './rollback-timer.js';

/** How changes are ended that wait. */
export interface ConfirmDecision {
  /** Whether they are undone; else they are confirmed. */
  readonly undo: boolean;
  readonly signals?: HeldSignals | undefined;
}

/**
 * Confirms changes that waited when the command began, or undoes them. One that recovery or another run has ended since has the
 * outcome that its files tell.
 */
export async function endWaits(
  context: Context,
  records: readonly PendingRecord[],
  { undo, signals }: ConfirmDecision,
): Promise<(ChangeResult | NotChanged)[]> {
  const names = records.map(({ unit }) => unit);
  const still = (await unconfirmedRecords(context)).filter(({ unit }) => names.includes(unit));
  const done = undo ? await undoRecords(context, still, signals) : await confirmRecords(context, still);
  const results = new Map(done.map((one) => [one.unit, one]));
  return Promise.all(records.map(async (one) => results.get(one.unit) ?? outcomeOf(context, one, undo)));
}

/** Confirms changes: from here on nothing is undone. One whose services are down, or whose files are others, goes on waiting. */
async function confirmRecords(
  context: Context,
  records: readonly PendingRecord[],
): Promise<(ChangeResult | NotChanged)[]> {
  const results: (ChangeResult | NotChanged)[] = [];
  for (const record of records) results.push(await confirmOne(context, record));
  await cancelRollback(context);
  return results;
}

async function confirmOne(context: Context, record: PendingRecord): Promise<ChangeResult | NotChanged> {
  const { unit } = record;
  const common = { unit, changes: [] } as const;
  const said = await failuresOf(async () => {
    const states = await fileStates(context.system, record.files);
    if (states.some((state) => state !== 'after')) return [changedSince(context, unit)];
    const runs = await inBatches(record.confirmation.runs, ASKED_AT_ONCE, async (run): Promise<Tried> => {
      return { run, state: await context.system.unit(run.unit) };
    });
    const found = runs.flatMap((one) => saidOfRun(context, one));
    if (!hasErrors(found)) await commit(context, record);
    return found;
  });
  if (hasErrors(said)) return { ...common, state: 'refused', diagnostics: said };
  return { ...common, state: 'confirmed', restarted: false, diagnostics: said };
}

/** A service in the run in which it was tried, and as it is. */
interface Tried {
  readonly run: ServiceRun;
  readonly state: UnitState;
}

const goesOn = ({ run, state }: Tried): boolean => isSameRun(run, state);

async function commit(context: Context, { unit }: PendingRecord): Promise<void> {
  await forgetUndoRecord(context, unit);
  await markConfined(context, unit);
}

/** Holds a service against the run in which it was tried. */
function saidOfRun({ placement }: Context, tried: Tried): Diagnostic[] {
  const { state } = tried;
  const { unit } = tried.run;
  if (goesOn(tried)) return [];
  if (isUp(state) || isFinished(state)) {
    return [warning('restarted-since', `${unit} has been restarted since its trial`)];
  }
  const hint = `'${systemctl(placement.scope, 'status', unit)}' shows more; without a confirmation the change is rolled back`;
  return [error('restarted-since', `${unit} was up in its trial, but is ${state.activeState} now`, { hint })];
}

/** Undoes changes at once. */
export async function undoRecords(
  context: Context,
  records: readonly PendingRecord[],
  signals?: HeldSignals,
): Promise<(ChangeResult | NotChanged)[]> {
  const said = await rollBack(context, records, { signals, spare: sparesChanged(context) });
  await cancelRollback(context);
  return records.map(({ unit }, i) => {
    const state = isRestored(said[i]!) ? 'rolled-back' : 'failed';
    return { unit, changes: [], state, restarted: true, diagnostics: said[i]! };
  });
}

/** A change that waits no more: its files tell what has become of it. */
async function outcomeOf(context: Context, record: PendingRecord, undo: boolean): Promise<ChangeResult> {
  const { unit, files } = record;
  const states = await fileStates(context.system, files);
  const common = { unit, changes: [], restarted: false } as const;
  if (states.every((state) => state === 'after')) return { ...common, state: 'confirmed', diagnostics: [] };
  const isBack = states.every((state) => state === 'before');
  if (!isBack) return { ...common, state: 'failed', diagnostics: [changedSince(context, unit)] };
  return { ...common, state: 'rolled-back', diagnostics: undo ? [] : [notInTime(unit)] };
}
