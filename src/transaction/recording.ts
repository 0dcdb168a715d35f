/** `explain --record`: one run of a service in which every call that its policy refuses is let through and recorded. */

import { shortList } from '../collections.js';
import { ownCommand } from '../command-lines.js';
import { type Diagnostic, EXIT, error, hasErrors, note, UserError, warning } from '../diagnostic.js';
import { explainUnit, type Looked, type RecordedRun, UNREADABLE } from '../explain/explain-unit.js';
import { type HeardRecords, heardIn } from '../explain/records/heard.js';
import { startOf } from '../explain/records/start-of.js';
import { type UserManager, userManager } from '../explain/records/user-manager.js';
import { INPUT } from '../prepare/load/input-policy.js';
import { recordReader } from '../prepare/load/native-program.js';
import { type Prepared, type PrepareOptions, prepare } from '../prepare/prepare.js';
import { type AffectedUnit, affectedUnits } from '../restart/affected-units.js';
import { obstacleTo } from '../restart/may-restart.js';
import { preflight } from '../restart/preflight.js';
import { failureOf, failuresOf } from '../state/failures.js';
import { lastWritten, withLifetime } from '../state/own-files.js';
import type { Service } from '../state/service.js';
import { isRunning } from '../state/service-run.js';
import type { Context } from '../system/context.js';
import type { ProcessResult, Running } from '../system/system.js';
import { plannedDropIn } from '../verify/manager/in-force.js';
import { readBack } from '../verify/manager/read-back.js';
import {
  type AppliedUnit,
  appliedUnit,
  beginChange,
  inOrder,
  stepResult,
  type Transaction,
} from './changed-unit.js';
import { assertNotWaiting } from './confirm/refuse.js';
import { holdSignals } from './held-signals.js';
import { isRestored, rollBack, sparesChanged } from './roll-back.js';
import { type Ending, runSteps, type Step } from './runner.js';
import { keepUndoRecords } from './steps/record.js';
import { reload } from './steps/reload.js';
import { restartServices } from './steps/restart.js';
import { tryServices } from './steps/try.js';
import { writeFiles } from './steps/write.js';
import type { UndoRecord } from './undo-record-format.js';

/** Most of the reader's output that is kept, in characters: some hundred thousand records. */
const LIMIT = 128 << 20;

/** The time that the journal may take for the kernel's records, in milliseconds. */
const LOG_DELAY = 500;

/**
 * Applies the policy permissive, restarts the service, or starts one that doesn't run, tries it out, and puts all back
 * as it was, whatever happens in between. Nothing is touched where no records can be had.
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
  const ears = await listen(context, prepared);
  const signals = holdSignals(context);
  const transaction = { context: placed, signals };
  const since = startOf(permissive.unit.state!);
  let looked: Looked = {
    explanations: [],
    fallbacks: [],
    since,
    suppressed: false,
    readable: false,
    unowned: [],
  };
  const diagnostics = [...notes, ...ears.diagnostics];
  let unit: AppliedUnit | undefined;
  let failed = false;
  try {
    const ran = async () => {
      unit = await begin(transaction, permissive);
      const ending = await runOnce(transaction, unit, permissive);
      unit = ending.unit;
      return ending.failures;
    };
    diagnostics.push(...(await failuresOf(ran)));
    const collected = async () => {
      looked = await collect(context, prepared, permissive, ears);
    };
    diagnostics.push(...(await failureOf(collected)));
  } finally {
    const problems = unit ? await undo(transaction, unit) : [];
    diagnostics.push(...problems);
    failed =
      !isRestored(problems) || diagnostics.some(({ code }) => ['interrupted', 'unwritable'].includes(code));
    signals.release();
  }
  if (!looked.readable) return { ...looked, diagnostics, failed };
  if (looked.explanations.length > 0)
    return { ...looked, diagnostics: [...diagnostics, ...unowned(prepared, looked)], failed };
  const missing = mayBeMissing(looked, ears, diagnostics);
  if (missing === undefined) return { ...looked, diagnostics: [...diagnostics, nothing(prepared)], failed };
  return { ...looked, diagnostics: [...diagnostics, untold(prepared, missing)], failed: true };
}

const nothing = ({ plan }: Prepared): Diagnostic =>
  note('no-record', `no call of ${plan.unit} was recorded that its policy would refuse`);

/** The reason why a run without a record doesn't show that no call would be refused; undefined if it does. */
function mayBeMissing(
  { suppressed, unowned }: Looked,
  { reader }: Ears,
  diagnostics: readonly Diagnostic[],
): string | undefined {
  if (hasErrors(diagnostics)) return 'the run failed';
  if (!reader || suppressed) return 'records may be missing';
  if (unowned.length > 0) return ofNobody(unowned);
  return undefined;
}

/** A note on calls that may be missing beside those that are explained. */
function unowned({ plan }: Prepared, looked: Looked): Diagnostic[] {
  if (looked.unowned.length === 0) return [];
  const message = `calls of ${plan.unit} may be missing: ${ofNobody(looked.unowned)}`;
  return [note('records-unowned', message, { hint: 'they had ended before anybody saw whose they are' })];
}

const ofNobody = (names: readonly string[]): string =>
  `nobody knows whose the processes ${shortList(names, MOST_NAMED)} were, of which there are records`;

/** The most processes that one line names. */
const MOST_NAMED = 5;

const untold = ({ plan }: Prepared, why: string): Diagnostic =>
  error('records-inconclusive', `whether calls of ${plan.unit} would be refused can't be told: ${why}`, {
    hint: `'${ownCommand(plan.target.scope, 'apply --permissive', plan.unit)}' lets it work with all of them recorded`,
  });

/** @returns what is to be said of the restart, and of a table whose refusals can't be recorded */
async function assertRecordable(context: Context, prepared: Prepared): Promise<readonly Diagnostic[]> {
  const { plan, unit, policy, sources } = prepared;
  const found = await preflight(context, prepared, { verb: 'explain --record' });
  const diagnostics = [...prepared.diagnostics, ...found];
  if (hasErrors(diagnostics)) throw new UserError(diagnostics, EXIT.findings, sources);
  if (!policy.policy.syscalls && !policy.policy.ready) {
    const hint = 'what the unit itself refuses is not let through';
    const message = `the policy of ${plan.unit} has neither [syscalls] nor [ready]: there is nothing to let through and record`;
    throw new UserError(error('nothing-to-record', message, { hint }));
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
  const message = `${plan.unit} must not be restarted, and so can't be recorded`;
  throw new UserError(error('not-restartable', message, { hint: obstacle }));
}

/** The reason why a service that doesn't run can't be started for a while: the stop takes along what runs without it. */
function wouldGoDown({ state }: Service, [dependent]: readonly AffectedUnit[]): string | undefined {
  if (isRunning(state) || dependent === undefined) return undefined;
  return `it doesn't run, and its stop at the end would stop ${dependent.name}: start it first`;
}

/** Where records come from. */
interface Ears {
  /** Undefined where only logs can be read. */
  readonly reader: Running | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Begins to listen to the kernel; where that can't be done, sees that its log can be read.
 * @throws UserError `records-unreadable`
 */
async function listen(context: Context, prepared: Prepared): Promise<Ears> {
  const reader = await context.system.start([await recordReader(context)], { limit: LIMIT });
  if (reader.ready) return { reader, diagnostics: [] };
  const { stderr } = await reader.stop();
  const state = prepared.unit.state!;
  const { readable } = await explainUnit(context, prepared, state, { since: startOf(state) });
  if (!readable) throw new UserError(UNREADABLE, EXIT.failure);
  return { reader: undefined, diagnostics: [incomplete(stderr)] };
}

/** @param said by the reader: `read-records: WHY; it takes …` */
function incomplete(said: string): Diagnostic {
  const [why, ...takes] = said
    .trim()
    .replace(/^read-records: /, '')
    .split('; ');
  const message = `calls may be missing: only the kernel's log could be read, which drops records where they are many${why ? ` (its audit socket can't be: ${why})` : ''}`;
  const hint = takes.length > 0 ? `to have all of them ${takes.join('; ')}` : undefined;
  return warning('records-incomplete', message, { hint });
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
const recordTable = (transaction: Transaction, permissive: Prepared): Step<AppliedUnit, UndoRecord>[] => [
  { name: 'record', per: 'run', do: keepUndoRecords(transaction) },
  { name: 'write', per: 'run', do: writeFiles(transaction) },
  { name: 'reload', per: 'run', do: reload(transaction) },
  { name: 'read-back', per: 'turn', do: readBackAlone(transaction, permissive) },
  { name: 'restart', per: 'round', do: restartServices(transaction) },
  { name: 'try', per: 'round', do: tryServices(transaction) },
];

/** Holds what systemd has loaded of the one unit against its drop-in. */
const readBackAlone = ({ context }: Transaction, permissive: Prepared) =>
  inOrder((unit: AppliedUnit) =>
    stepResult(unit, async () => {
      const loaded = await context.system.unit(permissive.plan.unit);
      return readBack(plannedDropIn(context, permissive), loaded);
    }),
  );

/** Takes the unit through its steps. */
async function runOnce(
  transaction: Transaction,
  unit: AppliedUnit,
  permissive: Prepared,
): Promise<Ending<AppliedUnit>> {
  const [ending] = await runSteps(
    {
      table: recordTable(transaction, permissive),
      recordOf: ({ record }) => record,
      afterFailure: () => 'stop',
      turns: (units) => [units],
      round: (one, n) => (n === 0 ? { ...one, now: [one.unit] } : undefined),
    },
    [unit],
  );
  return ending!;
}

/** Explains the recorded calls, while the unit's processes are still there to be asked. */
async function collect(
  context: Context,
  prepared: Prepared,
  permissive: Prepared,
  { reader }: Ears,
): Promise<Looked> {
  const { system } = context;
  const state = await system.unit(prepared.plan.unit);
  if (!reader) await system.wait(LOG_DELAY);
  const heard = reader && heardBy(await reader.stop(), userManager(context));
  const written = await lastWritten(withLifetime(context, 'run'), permissive.unit.name.full);
  const since = Math.max(written, startOf(state, permissive.unit.state));
  return explainUnit(context, prepared, state, { since, heard });
}

/** Records of a reader. One that was ended from outside has lost some. */
function heardBy({ status, stdout }: ProcessResult, manager: UserManager): HeardRecords {
  const heard = heardIn(stdout, manager);
  return status === 0 ? heard : { ...heard, suppressed: true };
}

/** Rolls the unit back. A service that didn't run is stopped. */
async function undo({ context, signals }: Transaction, unit: AppliedUnit): Promise<readonly Diagnostic[]> {
  const [problems] = await rollBack(context, [unit.record], { signals, spare: sparesChanged(context) });
  if (isRestored(problems!)) return problems!;
  const hint = `'${ownCommand(context.placement.scope, 'status', unit.unit)}' says how it is`;
  return [
    ...problems!,
    error('not-restored', `${unit.unit} is not as it was: it may be permissive`, { hint }),
  ];
}
