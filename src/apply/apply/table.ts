import { type Diagnostic, EXIT } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { holdSignals } from '../../machine/held-signals.js';
import { orElse } from '../../machine/state/failures.js';
import {
  type AppliedUnit,
  appliedUnit,
  beginEach,
  type ChangedUnit,
  preparedFor,
  type RestartOptions,
  type Transaction,
} from '../changed-unit.js';
import { cancelRollback } from '../confirm/rollback-timer.js';
import { type ConfirmOption, confirmWithin } from '../confirm/within.js';
import { restartOrder, roundsOf } from '../restart-order.js';
import { revertUnits } from '../revert/table.js';
import { isRestored, sparesChanged, undoes } from '../roll-back.js';
import { type Course, runSteps, type Step, type UnitEnding } from '../runner.js';
import { awaitConfirmation, scheduleRollback } from '../steps/await-confirmation.js';
import { commitApplied } from '../steps/commit.js';
import { readBackApplied } from '../steps/read-back.js';
import { restartServices } from '../steps/restart.js';
import { keptFilters, tightenServices } from '../steps/tighten.js';
import { tryServices } from '../steps/try.js';
import { verifyServices } from '../steps/verify.js';
import { keepUndoRecords, reload, writeFiles } from '../steps/write.js';
import { ListeningBefore } from '../trial/listening.js';
import { refusalsOfFailed } from '../trial/refusals.js';
import { TrialWatch } from '../trial/watch.js';
import type { UndoRecord } from '../undo-record.js';
import { type PendingApply, type UnitResult, updated } from '../unit-result.js';
import { writeOffline } from '../write-offline.js';
import type { ApplyOptions } from './plan.js';
import { type Purge, pendingPurge, planPurge } from './purge.js';

interface ApplyUnitsOptions extends RestartOptions {
  readonly confirm?: ConfirmOption;
}

/** Units of one `apply`. */
interface UnitsOfApply {
  /** The names of all their services. */
  readonly own: ReadonlySet<string>;
  /** Whether the change of one must be confirmed. */
  readonly isToConfirm: boolean;
}

/** The steps of `apply`: a step that fails has all of its unit undone, and the others go on. */
const applyTable = (
  transaction: Transaction,
  options: RestartOptions,
  { own, isToConfirm }: UnitsOfApply,
): Step<AppliedUnit, UndoRecord>[] => {
  const undo = undoes(transaction.context, { signals: transaction.signals });
  const onlyToConfirm = (row: Step<AppliedUnit, UndoRecord>) => (isToConfirm ? [row] : []);
  return [
    { name: 'record', per: 'run', do: keepUndoRecords(transaction) },
    ...onlyToConfirm({ name: 'schedule', per: 'run', do: scheduleRollback(transaction) }),
    { ...undo.write, per: 'run', do: writeFiles(transaction) },
    { ...undo.reload, per: 'run', do: reload(transaction) },
    { name: 'read-back', per: 'turn', do: readBackApplied(transaction, options) },
    options.live
      ? { ...undo.restart, name: 'tighten', per: 'round', do: tightenServices(transaction) }
      : { ...undo.restart, per: 'round', do: restartServices(transaction) },
    { name: 'try', per: 'round', do: tryServices(transaction, own) },
    { name: 'verify', per: 'round', do: verifyServices(transaction) },
    // The time to confirm begins when nothing more is to be tried.
    ...onlyToConfirm({ name: 'confirm', per: 'run', do: awaitConfirmation(transaction) }),
    { ...undo.commit, per: isToConfirm ? 'run' : 'turn', do: commitApplied(transaction) },
  ];
};

/** Takes units through the steps of `apply`. */
async function applyUnits(
  transaction: Transaction,
  pending: readonly PendingApply[],
  options: ApplyUnitsOptions,
): Promise<UnitResult[]> {
  const confirming = (unit: ChangedUnit, one: PendingApply) => ({
    ...appliedUnit(unit, one),
    live: one.live,
    confirmWithin: options.live ? undefined : confirmWithin(one, options),
  });
  const { units, refused } = await beginEach(transaction, pending, confirming);
  const own = new Set(units.flatMap(({ services }) => services.map(({ name }) => name)));
  const isToConfirm = units.some((unit) => unit.confirmWithin !== undefined);
  const { context } = transaction;
  const watching = {
    ...transaction,
    trialWatch: new TrialWatch(context),
    listening: new ListeningBefore(context),
  };
  try {
    const table = applyTable(watching, options, { own, isToConfirm });
    const endings = await runSteps(course(watching, table), units);
    if (isToConfirm) await cancelRollback(context);
    return [...refused, ...endings.map(resultOf)];
  } finally {
    await watching.trialWatch.end();
  }
}

const course = (
  transaction: Transaction,
  table: readonly Step<AppliedUnit, UndoRecord>[],
): Course<AppliedUnit, UndoRecord> => ({
  table,
  afterFailure: () => 'undo',
  turns: restartOrder,
  // The first instance of a template shows whether the others are restarted at all.
  rounds: ({ due }) => roundsOf(due, 1),
  spare: sparesChanged(transaction.context),
  beforeUndo: async (unit, failures) => [
    ...(await refusedCalls(transaction, unit, failures)),
    ...(await orElse(() => keptFilters(transaction.context, unit), [])),
  ],
});

/** Refused calls of a service that failed. They are read before the roll-back ends the processes that can tell. */
async function refusedCalls(
  transaction: Transaction,
  { prepared, now }: AppliedUnit,
  failures: readonly Diagnostic[],
): Promise<readonly Diagnostic[]> {
  if (!failures.some(({ code }) => code === 'service-failed')) return [];
  const found = now.map((name) => refusalsOfFailed(transaction, preparedFor(prepared, name)));
  return (await Promise.all(found)).flat();
}

function resultOf({ unit, state, failedAt, failures, undone }: UnitEnding<AppliedUnit>): UnitResult {
  const { changes, prepared, restarted, verified, refusals, services } = unit;
  const tightened = unit.live ? unit.injected.length > 0 : undefined;
  const diagnostics = [...unit.notes, ...failures, ...undone];
  const common = { unit: unit.unit, changes, diagnostics, prepared };
  if (state === 'done') {
    const { deadline } = unit;
    const how = deadline === undefined ? 'applied' : 'unconfirmed';
    return { ...common, state: how, restarted, tightened, verified, refusals, deadline };
  }
  const isUnread = failedAt === 'record' || failedAt === 'schedule' || failedAt === 'write';
  if (!isRestored(undone)) return { ...common, state: 'failed', restarted, tightened, verified, refusals };
  const exit = failedAt === 'schedule' ? { exit: EXIT.failure } : {};
  return isUnread
    ? { ...common, state: 'refused', services, ...exit }
    : { ...common, state: 'rolled-back', restarted, tightened, verified, refusals };
}

/** Units that would lose their policy. @param planned those that would get or keep one */
export async function leavingUnits(
  context: Context,
  purge: Purge,
  planned: readonly UnitResult[],
  options: ApplyOptions,
): Promise<UnitResult[]> {
  const leaving = await planPurge(context, purge, options);
  // A unit that stays confined keeps the launcher.
  const isLast = planned.every(({ state }) => state === 'refused');
  return updated(leaving, isLast ? await pendingPurge(context, leaving) : []);
}

/** Units that get a policy, and units that lose theirs. */
interface Changing {
  readonly pending: readonly PendingApply[];
  readonly purge: Purge;
  readonly confirm: ConfirmOption;
}

export async function changeUnits(
  context: Context,
  { pending, purge, confirm }: Changing,
  options: ApplyOptions,
): Promise<{ readonly done: readonly UnitResult[]; readonly gone: readonly UnitResult[] }> {
  const signals = holdSignals(context, (name) =>
    context.caller.tell(`${name}: rolling back unfinished changes …`),
  );
  try {
    const done = context.offline
      ? await writeOffline(context, pending, 'applied')
      : await applyUnits({ context, signals }, pending, { ...options, confirm });
    return { done, gone: await purgeUnits({ context, signals }, purge, options) };
  } finally {
    signals.release();
  }
}

/** Reverts units by their state when the others are done, one of which may have begun to need the launcher. */
async function purgeUnits(
  transaction: Transaction,
  purge: Purge,
  options: ApplyOptions,
): Promise<UnitResult[]> {
  if (purge.units.length === 0) return [];
  const { context } = transaction;
  const planned = await planPurge(context, purge, options);
  const pending = await pendingPurge(context, planned);
  const done = context.offline
    ? await writeOffline(context, pending, 'reverted')
    : await revertUnits(transaction, pending, options);
  return updated(planned, done);
}
