import type { Diagnostic } from '../../diagnostic.js';
import { preparedFor } from '../../prepare/confined.js';
import { isLeftDown } from '../../restart/left-down.js';
import {
  type AppliedUnit,
  appliedUnit,
  beginEach,
  type RestartOptions,
  type Transaction,
} from '../changed-unit.js';
import { restartCourse } from '../restart-course.js';
import { CHANGED_AT_ONCE } from '../restart-order.js';
import { isRestored, undoes } from '../roll-back.js';
import { type Course, type Ending, runSteps, type Step } from '../runner.js';
import { commitApplied } from '../steps/commit.js';
import { readBackApplied } from '../steps/read-back.js';
import { keepUndoRecords } from '../steps/record.js';
import { reload } from '../steps/reload.js';
import { restartServices } from '../steps/restart.js';
import { tryServices } from '../steps/try.js';
import { verifyServices } from '../steps/verify.js';
import { writeFiles } from '../steps/write.js';
import { refusalsOfFailed } from '../trial-refusals.js';
import { TrialWatch } from '../trial-watch.js';
import type { UndoRecord } from '../undo-record-format.js';
import type { PendingApply, UnitResult } from '../unit-result.js';

/** The steps of `apply`: a step that fails has all of its unit undone, and the others go on. */
const applyTable = (
  transaction: Transaction,
  options: RestartOptions,
  own: ReadonlySet<string>,
): Step<AppliedUnit, UndoRecord>[] => {
  const undo = undoes(transaction.context, { signals: transaction.signals });
  return [
    { name: 'record', per: 'run', do: keepUndoRecords(transaction) },
    { ...undo.write, per: 'run', do: writeFiles(transaction) },
    { ...undo.reload, per: 'run', do: reload(transaction) },
    { name: 'read-back', per: 'turn', do: readBackApplied(transaction, options) },
    { ...undo.restart, per: 'round', do: restartServices(transaction) },
    { name: 'try', per: 'round', do: tryServices(transaction, own) },
    { name: 'verify', per: 'round', do: verifyServices(transaction) },
    { ...undo.commit, per: 'turn', do: commitApplied(transaction) },
  ];
};

/** Takes units through the steps of `apply`. */
export async function applyUnits(
  transaction: Transaction,
  pending: readonly PendingApply[],
  options: RestartOptions,
): Promise<UnitResult[]> {
  const starts = ({ services, changes }: PendingApply) =>
    options.restart !== false && services.some((service) => isLeftDown(service, changes));
  const { units, refused } = await beginEach(transaction, pending, appliedUnit, starts);
  const own = new Set(units.flatMap(({ services }) => services.map(({ name }) => name)));
  const watching = { ...transaction, trialWatch: new TrialWatch(transaction.context) };
  try {
    const endings = await runSteps(course(watching, applyTable(watching, options, own)), units);
    return [...refused, ...endings.map(resultOf)];
  } finally {
    await watching.trialWatch.end();
  }
}

const course = (
  transaction: Transaction,
  table: readonly Step<AppliedUnit, UndoRecord>[],
): Course<AppliedUnit, UndoRecord> => ({
  ...restartCourse<AppliedUnit>(transaction.context),
  table,
  afterFailure: () => 'undo',
  // The first instance of a template shows whether the others are restarted at all.
  round: (unit, n) => {
    const end = 1 + n * CHANGED_AT_ONCE;
    const now = n === 0 ? unit.due.slice(0, 1) : unit.due.slice(end - CHANGED_AT_ONCE, end);
    return now.length > 0 ? { ...unit, now } : undefined;
  },
  beforeUndo: (unit, failures) => refusedCalls(transaction, unit, failures),
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

function resultOf({ unit, state, failedAt, failures, undone }: Ending<AppliedUnit>): UnitResult {
  const { changes, prepared, restarted, verified, refusals, services } = unit;
  const diagnostics = [...unit.notes, ...failures, ...undone];
  const common = { unit: unit.unit, changes, diagnostics, prepared };
  if (state === 'done') return { ...common, state: 'applied', restarted, verified, refusals };
  const isUnread = failedAt === 'record' || failedAt === 'write';
  if (!isRestored(undone)) return { ...common, state: 'failed', restarted, verified, refusals };
  return isUnread
    ? { ...common, state: 'refused', services }
    : { ...common, state: 'rolled-back', restarted, verified, refusals };
}
