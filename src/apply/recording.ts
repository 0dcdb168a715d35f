/** `explain --record`: one run of a service in which every call that its policy refuses is let through and recorded. */

import { type Diagnostic, EXIT, error, hasErrors, note, UserError, warning } from '../diagnostic.js';
import { explainUnit, type RecordedRun, UNREADABLE, type UnitExplanations } from '../explain/explain-unit.js';
import { startOf } from '../explain/records/start-of.js';
import { explainWatchedRun } from '../explain/watched-run.js';
import type { Context } from '../machine/context.js';
import { holdSignals } from '../machine/held-signals.js';
import { failureOf, failuresOf } from '../machine/state/failures.js';
import { lastWritten, withLifetime } from '../machine/state/own-files.js';
import type { Service } from '../machine/state/service.js';
import { isRunning } from '../machine/state/service-run.js';
import { INPUT } from '../prepare/load/input-policy.js';
import { type Prepared, type PrepareOptions, prepare } from '../prepare/prepare.js';
import { ownCommand } from '../systemd/command-lines.js';
import { plannedDropIn } from '../verify/manager/in-force.js';
import { readBack } from '../verify/manager/read-back.js';
import { type AppliedUnit, appliedUnit, beginChange, inOrder, type Transaction } from './changed-unit.js';
import { assertNotWaiting } from './confirm/pending.js';
import { type AffectedUnit, affectedUnits } from './restart/affected-units.js';
import { obstacleTo } from './restart/may-restart.js';
import { preflight } from './restart/preflight.js';
import { isRestored, rollBack, sparesChanged } from './roll-back.js';
import { type RunWatch, watchRun } from './run-watch.js';
import { runSteps, type Step, type UnitEnding } from './runner.js';
import { restartServices } from './steps/restart.js';
import { tryServices } from './steps/try.js';
import { keepUndoRecords, reload, writeFiles } from './steps/write.js';
import type { UndoRecord } from './undo-record.js';

/** The time that the journal may take for the kernel's records, in milliseconds. */
const LOG_DELAY = 500;

/**
 * Applies the policy permissive, restarts the service, or starts one that doesn't run, tries it out, and puts all back
 * as it was, whatever happens in between. Nothing is touched where its calls can't be seen.
 * @param prepared the policy as it is to be enforced, which explains what was recorded
 * @throws UserError where it can't be begun
 */
export async function recordCalls(
  context: Context,
  prepared: Prepared,
  options: PrepareOptions,
): Promise<RecordedRun> {
  await assertNotWaiting(context, prepared.plan.unit);
  const placed = withLifetime(context, 'run');
  const permissive = await prepare(placed, prepared.plan.unit, {
    ...options,
    policy: options.policy === INPUT ? INPUT : prepared.plan.policyFile,
    allowGaps: true,
    permissive: true,
  });
  const notes = await assertRecordable(placed, permissive);
  const { watch, diagnostics: incomplete } = await beginWatch(context, prepared);
  const signals = holdSignals(context);
  const transaction = { context: placed, signals };
  const since = startOf(permissive.unit.state!);
  let looked: UnitExplanations = {
    explanations: [],
    fallbacks: [],
    since,
    suppressed: false,
    readable: false,
  };
  const diagnostics = [...notes, ...incomplete];
  let unit: AppliedUnit | undefined;
  let failed = false;
  try {
    const ran = async () => {
      unit = await begin(transaction, permissive);
      const ending = await runOnce(recordTable(transaction, permissive, watch), unit);
      unit = ending.unit;
      return ending.failures;
    };
    diagnostics.push(...(await failuresOf(ran)));
    const collected = async () => {
      const seen = watch
        ? await collect(context, prepared, watch)
        : await readLog(context, prepared, permissive);
      looked = seen.looked;
      diagnostics.push(...seen.diagnostics);
    };
    diagnostics.push(...(await failureOf(collected)));
  } finally {
    await watch?.end();
    const problems = unit ? await undo(transaction, unit) : [];
    diagnostics.push(...problems);
    failed =
      !isRestored(problems) || diagnostics.some(({ code }) => ['interrupted', 'unwritable'].includes(code));
    signals.release();
  }
  if (!looked.readable) return { ...looked, diagnostics, failed };
  if (looked.explanations.length > 0) return { ...looked, diagnostics, failed };
  const missing = mayBeMissing(looked, diagnostics);
  if (missing === undefined) return { ...looked, diagnostics: [...diagnostics, nothing(prepared)], failed };
  return { ...looked, diagnostics: [...diagnostics, cannotTell(prepared, missing)], failed: true };
}

/** Without a probe the service is given no work in the run. */
function nothing({ plan, policy }: Prepared): Diagnostic {
  const message = `${plan.unit} made no call that its policy would refuse`;
  if (policy.policy.probe?.length) return note('no-record', message);
  const watch = ownCommand(plan.target.scope, 'learn --exercise COMMAND', plan.unit);
  return note('no-record', `${message}, but only its start was watched`, {
    hint: `add a 'probe' to [apply] that gives the service work, or watch it at work: '${watch}'`,
  });
}

/** The reason why a run without a record doesn't show that no call would be refused; undefined if it does. */
function mayBeMissing(
  { suppressed }: UnitExplanations,
  diagnostics: readonly Diagnostic[],
): string | undefined {
  if (hasErrors(diagnostics)) return 'the run failed';
  const isIncomplete = suppressed || diagnostics.some(({ code }) => code === INCOMPLETE);
  return isIncomplete ? 'calls may be missing' : undefined;
}

const cannotTell = ({ plan }: Prepared, why: string): Diagnostic =>
  error('records-incomplete', `cannot tell whether the policy would refuse calls of ${plan.unit}: ${why}`, {
    hint: `'${ownCommand(plan.target.scope, 'apply --permissive', plan.unit)}' lets the service run, and records every call that the policy would refuse`,
  });

/** @returns what is to be said of the restart, and of a table whose refusals can't be recorded */
async function assertRecordable(context: Context, prepared: Prepared): Promise<readonly Diagnostic[]> {
  const { plan, unit, policy, sources } = prepared;
  const found = await preflight(context, prepared, { verb: 'explain --record' });
  const diagnostics = [...prepared.diagnostics, ...found];
  if (hasErrors(diagnostics)) throw new UserError(diagnostics, EXIT.findings, sources);
  if (!policy.policy.syscalls && !policy.policy.ready) {
    const hint = "calls that the unit's own SystemCallFilter= refuses stay refused";
    const message = `the policy of ${plan.unit} has neither [syscalls] nor [ready]: there is nothing to record`;
    throw new UserError(error('nothing-to-write', message, { hint }));
  }
  const gaps = prepared.diagnostics.filter(({ code }) => code === 'gap-ready');
  if (gaps.length > 0 && !policy.policy.syscalls)
    throw new UserError(
      gaps.map((gap) => ({ ...gap, severity: 'error' as const })),
      EXIT.findings,
      sources,
    );
  const service = { name: plan.unit, state: unit.state! };
  const affected = await affectedUnits(context, [service]);
  const obstacle = (await obstacleTo(context, service, affected)) ?? wouldGoDown(service, affected);
  if (obstacle === undefined) return [...found, ...gaps];
  const message = `${plan.unit} can't be recorded, because it must not be restarted`;
  throw new UserError(error('not-restarted', message, { hint: obstacle }));
}

/** The reason why a service that doesn't run can't be started for a while: the stop takes along what runs without it. */
function wouldGoDown({ state }: Service, [dependent]: readonly AffectedUnit[]): string | undefined {
  if (isRunning(state) || dependent === undefined) return undefined;
  return `it isn't running, and stopping it after the recording would also stop ${dependent.name}: start it first`;
}

const INCOMPLETE = 'records-incomplete';

/** A watch of the service; undefined where only logs can be read, with the reason. */
interface Begun {
  readonly watch: RunWatch | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Begins to watch the service; where that can't be done, sees that the kernel's records can be read.
 * @throws UserError `records-incomplete`
 */
async function beginWatch(context: Context, prepared: Prepared): Promise<Begun> {
  try {
    return { watch: await watchRun(context, prepared), diagnostics: [] };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const state = prepared.unit.state!;
    const { readable } = await explainUnit(context, prepared, state, { since: startOf(state) });
    if (!readable) throw new UserError(UNREADABLE, EXIT.failure);
    const [why] = cause.diagnostics;
    const message = `calls may be missing, because the kernel's log drops records under load, and the service can't be watched: ${why!.message}`;
    return { watch: undefined, diagnostics: [warning(INCOMPLETE, message, { hint: why!.hint })] };
  }
}

/** The unit before its first step. */
async function begin(transaction: Transaction, prepared: Prepared): Promise<AppliedUnit> {
  const { unit, changes, plan } = prepared;
  const starts = !isRunning(unit.state!);
  const pending = { state: 'pending', unit: plan.unit, changes, diagnostics: [], prepared } as const;
  const begun = await beginChange(transaction, { ...pending, services: unit.services }, { starts });
  return appliedUnit(begun, { prepared });
}

/**
 * The steps of `explain --record`. The first failure, or a signal, ends them; all is undone when the records have been
 * read.
 */
const recordTable = (
  transaction: Transaction,
  permissive: Prepared,
  watch: RunWatch | undefined,
): Step<AppliedUnit, UndoRecord>[] => [
  { name: 'record', per: 'run', do: keepUndoRecords(transaction) },
  { name: 'write', per: 'run', do: writeFiles(transaction) },
  { name: 'reload', per: 'run', do: reload(transaction) },
  { name: 'read-back', per: 'turn', do: readBackAlone(transaction, permissive) },
  { name: 'restart', per: 'round', do: restartServices(transaction) },
  {
    name: 'try',
    per: 'round',
    do: (units) => {
      watch?.serves();
      return tryServices(transaction)(units);
    },
  },
];

/** Holds what systemd has loaded of the one unit against its drop-in. */
const readBackAlone = ({ context }: Transaction, permissive: Prepared) =>
  inOrder(async (unit: AppliedUnit) => {
    const loaded = await context.system.unit(permissive.plan.unit);
    return { unit, failures: readBack(plannedDropIn(context, permissive), loaded) };
  });

/** Takes the unit through its steps. */
async function runOnce(
  table: Step<AppliedUnit, UndoRecord>[],
  unit: AppliedUnit,
): Promise<UnitEnding<AppliedUnit>> {
  const [ending] = await runSteps(
    {
      table,
      afterFailure: () => 'stop',
      turns: (units) => [units],
      rounds: (one) => [[one.unit]],
    },
    [unit],
  );
  return ending!;
}

/** The explained calls of a run, and what keeps some from being known. */
interface Collected {
  readonly looked: UnitExplanations;
  readonly diagnostics: readonly Diagnostic[];
}

/** Explains the calls that were seen. */
async function collect(context: Context, prepared: Prepared, watch: RunWatch): Promise<Collected> {
  const state = await context.system.unit(prepared.plan.unit);
  const { run, lost } = await watch.look();
  const message = `some calls of ${prepared.plan.unit} were missed in the run: ${lost.join(', ')}`;
  const times = { from: watch.began, time: context.system.now() };
  return {
    looked: {
      ...explainWatchedRun(prepared, state, run, times),
      ...{ since: watch.began, suppressed: false, readable: true },
    },
    diagnostics: lost.length > 0 ? [warning(INCOMPLETE, message)] : [],
  };
}

/** Explains the kernel's records of the run, while the unit's processes are still there to be asked. */
async function readLog(context: Context, prepared: Prepared, permissive: Prepared): Promise<Collected> {
  const { system } = context;
  const state = await system.unit(prepared.plan.unit);
  await system.wait(LOG_DELAY);
  const written = await lastWritten(withLifetime(context, 'run'), permissive.unit.name.full);
  const since = Math.max(written, startOf(state, permissive.unit.state));
  return { looked: await explainUnit(context, prepared, state, { since }), diagnostics: [] };
}

/** Rolls the unit back. A service that didn't run is stopped. */
async function undo({ context, signals }: Transaction, unit: AppliedUnit): Promise<readonly Diagnostic[]> {
  const [problems] = await rollBack(context, [unit.record], { signals, spare: sparesChanged(context) });
  if (isRestored(problems!)) return problems!;
  const hint = `'${ownCommand(context.placement.scope, 'status', unit.unit)}' shows its state`;
  return [
    ...problems!,
    error('half-done', `${unit.unit} was not fully restored: it may be permissive`, { hint }),
  ];
}
