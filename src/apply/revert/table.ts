import { inBatches } from '../../collections.js';
import { type Diagnostic, EXIT } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failureOf } from '../../machine/state/failures.js';
import { leftAsItRuns, staysFailed } from '../../machine/state/notes.js';
import { ASKED_AT_ONCE, servicesOf } from '../../machine/state/service.js';
import { hasFailed, isRunning } from '../../machine/state/service-run.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { isInstalledProgram } from '../../systemd/paths/programs.js';
import {
  atOnce,
  beginEach,
  type ChangedUnit,
  noting,
  type RestartOptions,
  type Transaction,
} from '../changed-unit.js';
import { startAgainDependents } from '../dependents.js';
import { obstacleTo } from '../restart/may-restart.js';
import { restartOrder, roundsOf } from '../restart-order.js';
import { isRestored, sparesChanged, undoes } from '../roll-back.js';
import {
  type AfterFailure,
  type Course,
  runSteps,
  type Step,
  type StepName,
  type UnitEnding,
} from '../runner.js';
import { commitReverted, forget } from '../steps/commit.js';
import { writeChanges } from '../steps/files.js';
import { restartServices } from '../steps/restart.js';
import { keepUndoRecords, reload, writeFiles } from '../steps/write.js';
import type { UndoRecord } from '../undo-record.js';
import type { ChangeResult, Pending, UnitResult } from '../unit-result.js';

/** The steps of `revert`. A failure is reported, and the next revert goes on from there; an interrupt undoes all. */
const revertTable = (
  transaction: Transaction,
  options: RestartOptions,
  units: readonly ChangedUnit[],
): Step<ChangedUnit, UndoRecord>[] => {
  const undo = undoes(transaction.context, { signals: transaction.signals });
  return [
    { name: 'record', per: 'run', do: keepUndoRecords(transaction) },
    { ...undo.write, per: 'run', do: writeFiles(transaction) },
    { ...undo.reload, per: 'run', do: reload(transaction) },
    {
      name: 'read-back',
      per: 'turn',
      do: findRunning(transaction, options, new Set(units.map(({ unit }) => unit))),
    },
    { ...undo.restart, per: 'round', do: restartServices(transaction) },
    { name: 'try', per: 'turn', do: startAgainDependents(transaction) },
    { ...undo.commit, per: 'turn', do: commitReverted(transaction) },
  ];
};

/** Steps after which a unit without its drop-in stays as it is. */
const STOPS: readonly StepName[] = ['record', 'write', 'reload', 'commit'];

function afterFailure(step: StepName, failures: readonly Diagnostic[]): AfterFailure {
  if (failures.some(({ code }) => code === 'interrupted')) return 'undo';
  return STOPS.includes(step) ? 'stop' : 'continue';
}

/** Takes units through the steps of `revert`, and installed programs away if no unit needs them any more. */
export async function revertUnits(
  transaction: Transaction,
  pending: readonly Pending[],
  options: RestartOptions,
): Promise<UnitResult[]> {
  const { context } = transaction;
  const { units, refused } = await beginEach(transaction, pending, (unit) => unit);
  const course: Course<ChangedUnit, UndoRecord> = {
    table: revertTable(transaction, options, units),
    afterFailure,
    turns: restartOrder,
    rounds: ({ due }) => roundsOf(due),
    spare: sparesChanged(context),
  };
  const results: UnitResult[] = [];
  for (const ending of await runSteps(course, units)) results.push(await resultOf(context, ending));
  const all = [...refused, ...results];
  // A unit that may be rolled back needs them.
  return all.every(({ state }) => state === 'reverted') ? removePrograms(context, all) : all;
}

async function resultOf(context: Context, ending: UnitEnding<ChangedUnit>): Promise<ChangeResult> {
  const { unit, state, failures, undone } = ending;
  const { changes, restarted } = unit;
  const diagnostics = [...unit.notes, ...failures, ...undone];
  const common = { unit: unit.unit, changes, diagnostics };
  if (state === 'done') return { ...common, state: 'reverted', restarted };
  if (state === 'undone') {
    return { ...common, state: isRestored(undone) ? 'rolled-back' : 'failed', restarted };
  }
  const forgotten = await failureOf(() => forget(context, unit.unit));
  return {
    ...common,
    state: 'failed',
    restarted,
    exit: EXIT.failure,
    diagnostics: [...diagnostics, ...forgotten],
  };
}

async function removePrograms(context: Context, all: readonly UnitResult[]): Promise<UnitResult[]> {
  const results: UnitResult[] = [];
  for (const result of all) {
    const change = result.changes.filter(({ path }) => isInstalledProgram(context.placement, path));
    const failures = await failureOf(() => writeChanges(context.system, change));
    results.push(failures.length > 0 ? withFailures(result, failures) : result);
  }
  return results;
}

const withFailures = (result: UnitResult, failures: readonly Diagnostic[]): ChangeResult => ({
  unit: result.unit,
  changes: result.changes,
  restarted: 'restarted' in result && result.restarted,
  state: 'failed',
  exit: EXIT.failure,
  diagnostics: [...result.diagnostics, ...failures],
});

/**
 * Finds the services that run under the removed drop-in, and so are to be restarted.
 * @param changed the names of all units that are changed: an instance among them isn't its template's to restart
 */
const findRunning = (
  { context, signals }: Transaction,
  { restart }: RestartOptions,
  changed: ReadonlySet<string>,
) =>
  atOnce<ChangedUnit>(async (unit) => {
    signals.assertNone();
    const loaded = await servicesOf(context, serviceName(unit.unit));
    const services = loaded.filter(({ name }) => name === unit.unit || !changed.has(name));
    const running = services.filter(({ state }) => isRunning(state));
    const obstacles = await inBatches(running, ASKED_AT_ONCE, (one) => obstacleTo(context, one));
    const isStaying = (i: number) => restart === false || obstacles[i] !== undefined;
    const due = running.filter((_, i) => !isStaying(i)).map(({ name }) => name);
    const stay = running.flatMap(({ name }, i) => (isStaying(i) ? [leftAsItRuns(name, obstacles[i])] : []));
    const down = services
      .filter(({ state }) => hasFailed(state))
      .map(({ name, state }) => staysFailed(name, context.placement.scope, state));
    return { unit: { ...noting(unit, [...stay, ...down]), due } };
  });
