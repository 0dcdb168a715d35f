import {
  atRest,
  downAlready,
  hasFailed,
  isRunning,
  isUnderWay,
  isUp,
  noRestartNeeded,
  notRunning,
  restart,
  restartDue,
  restartObstacle,
  runOf,
  type ServiceRun,
  tryOut,
} from '../apply/activate.js';
import { hasEffect } from '../apply/changes.js';
import { failed } from '../apply/failure.js';
import { mountedBy, replacedPrograms } from '../apply/replaced-programs.js';
import { writeChanges } from '../apply/write.js';
import { inBatches } from '../collections.js';
import type { Diagnostic } from '../diagnostic.js';
import type { Plan } from '../plan/plan.js';
import type { Context } from '../system/context.js';
import { startAlong } from './along.js';
import { failureOf, failuresOf } from './failures.js';
import type { HeldSignals } from './held-signals.js';
import { loadedNow, notInForce } from './in-force.js';
import { isAsWanted, putBack } from './put-back.js';
import { readKernel } from './read-kernel.js';
import { ASKED_AT_ONCE, type Service } from './services.js';
import { keepRuns, runsAsBefore } from './standing.js';
import { preparedFor, trialOf } from './trial.js';
import { forgetUndo, keepRestarted } from './undo-files.js';
import type { UnitResult } from './unit-result.js';

interface ForceOptions {
  /** False: leave services as they run. */
  readonly restart?: boolean | undefined;
  /** One that has come ends what isn't done: it is put back. */
  readonly signals: HeldSignals;
}

/** How many units are restarted and tried out at a time. */
const BATCH = 8;

/** A unit whose services are restarted and tried out. */
interface Trying {
  readonly result: UnitResult;
  /** What is wrong with it so far. */
  readonly failures: readonly Diagnostic[];
  /** Services that run with what was written as they are. */
  readonly asTheyAre: readonly string[];
  /** Services that are to be restarted. */
  readonly due: readonly string[];
  /** Those of them that it is the turn of. */
  readonly now: readonly string[];
}

/**
 * Makes the manager read what was written for units, restarts them and tries them out. Whatever goes wrong with one, it
 * is put back as it was, and the others go on.
 */
export async function bringIntoForce(
  context: Context,
  written: readonly UnitResult[],
  options: ForceOptions,
): Promise<UnitResult[]> {
  if (written.length === 0) return [];
  const failures = await failureOf(() => options.signals.unlessCame(() => context.system.reload()));
  if (failures.length > 0) {
    const attempts = written.map((result) => ({ result, failures }));
    return takeBack(context, attempts, options.signals);
  }
  const done: UnitResult[] = [];
  for (let i = 0; i < written.length; i += BATCH) {
    done.push(...(await bringBatch(context, written.slice(i, i + BATCH), options)));
  }
  return done;
}

/**
 * Every step for all units before the next: the restart or stop of one may restart others that depend on it. A
 * template's first instance shows whether the others are restarted at all.
 */
async function bringBatch(context: Context, batch: readonly UnitResult[], options: ForceOptions) {
  const all = <T, U>(items: readonly T[], step: (item: T) => Promise<U>) => Promise.all(items.map(step));
  let trying = await all(batch, (result) => lookAt(context, result, options));
  for (let from = 0, size = 1; ; from += size, size = BATCH) {
    const turn = trying.map((one) => ({ ...one, now: turnOf(one, from, from + size) }));
    if (turn.every(({ now }) => now.length === 0)) break;
    const left = await all(turn, (one) => leaveStopped(context, one));
    const announced = await all(left, (one) => announceRestarts(context, one));
    const started = await all(announced, (one) => restartOne(context, one, options));
    const tried = await all(started, (one) => tryOne(context, one, options));
    const held = await all(tried, (one) => holdOne(context, one, options));
    trying = await all(held, (one) => tellWhy(context, one));
  }
  const done = await all(trying, (attempt) => finish(context, attempt));
  const wrong = done.filter(({ failures }) => failures.length > 0);
  const back = await takeBack(context, wrong, options.signals);
  return done.map(({ result }) => back.find(({ unit }) => unit === result.unit) ?? result);
}

const turnOf = ({ due, failures }: Trying, from: number, to: number): readonly string[] =>
  failures.length > 0 ? [] : due.slice(from, to);

/** Holds what is loaded against the plan, and sees which restarts are due. */
async function lookAt(context: Context, result: UnitResult, options: ForceOptions): Promise<Trying> {
  const { placement } = context;
  const { plan, unit, standing } = result.prepared!;
  const asTheyAre: string[] = [];
  const due: string[] = [];
  const notes: Diagnostic[] = [];
  let back = result.undo!;
  const failures = await failuresOf(async () => {
    options.signals.assertNone();
    const loaded = await loadedNow(context, unit);
    const wrong = notInForce(context, plan, loaded, unit);
    if (wrong.length > 0) return wrong;
    const services = await inBatches(loaded.services, ASKED_AT_ONCE, async (service) =>
      isUnderWay(service.properties) ? resting(context, service.name, options) : service,
    );
    const running = services.filter(({ properties }) => isRunning(properties));
    for (const { name, properties } of running) {
      const isOpen =
        (await runsAsBefore(context, standing, properties)) ||
        (await isReplaced(context, plan, { name, properties }));
      const changes = hasEffect(result.changes) || isOpen;
      const obstacle = restartObstacle(properties);
      if (!changes) {
        asTheyAre.push(name);
        notes.push(noRestartNeeded(name));
      } else if (options.restart === false || obstacle) notes.push(restartDue(name, obstacle));
      else due.push(name);
    }
    const since = startedSince(result, services);
    back = { ...back, runs: [...back.runs, ...since] };
    const down = services.filter(({ properties }) => hasFailed(properties)).map(({ name }) => name);
    if (running.length + down.length === 0) notes.push(notRunning(plan.unit));
    const wereUp = new Set([...upBefore(result), ...since.map(({ unit }) => unit)]);
    notes.push(...down.flatMap((name) => (wereUp.has(name) ? [] : [downAlready(name, placement.scope)])));
    const fallen = down.filter((name) => wereUp.has(name));
    return Promise.all(fallen.map((name) => wentDown(context, plan, name)));
  });
  const diagnostics = [...result.diagnostics, ...notes];
  return { result: { ...result, diagnostics, undo: back }, failures, asTheyAre, due, now: [] };
}

/** Whether programs of `[exec] programs` were replaced since it was started. */
const isReplaced = async ({ system }: Context, plan: Plan, { name, properties }: Service): Promise<boolean> =>
  (await replacedPrograms(system, mountedBy(plan, name), properties)).length > 0;

/** A service that somebody else is stopping or restarting, when that is over. */
async function resting({ system }: Context, name: string, { signals }: ForceOptions): Promise<Service> {
  return { name, properties: await signals.unlessCame(() => atRest(system, name)) };
}

/** Services that came up meanwhile, with what was written: they don't go on as they are, be it that they still run. */
function startedSince({ undo, services: before = [] }: UnitResult, now: readonly Service[]): ServiceRun[] {
  const known = new Set(undo!.runs.map(({ unit }) => unit));
  const was = new Map(before.map(({ name, properties }) => [name, runOf(name, properties).invocation]));
  return now
    .filter(({ name }) => !known.has(name))
    .filter(({ properties }) => isRunning(properties) || hasFailed(properties))
    .filter(({ name, properties }) => runOf(name, properties).invocation !== was.get(name))
    .map(({ name }) => ({ unit: name, invocation: '', restarts: '' }));
}

/** One that is started again and again isn't among them. */
const upBefore = ({ services = [] }: UnitResult): string[] =>
  services.filter(({ properties }) => isUp(properties)).map(({ name }) => name);

/** What was up, or came up meanwhile, and has failed before it was its turn. */
const wentDown = ({ system, placement: { scope } }: Context, plan: Plan, unit: string): Promise<Diagnostic> =>
  failed(system, { unit, scope, plan }, `${unit} went down while its files were written`);

/** Of many instances the last waits for all others: one that somebody has stopped meanwhile stays so. */
async function leaveStopped({ system }: Context, attempt: Trying): Promise<Trying> {
  if (attempt.due.length <= 1 || attempt.now.length === 0) return attempt;
  const stopped: string[] = [];
  const failures = await failureOf(async () => {
    for (const name of attempt.now) if (!isRunning(await system.unit(name))) stopped.push(name);
  });
  const now = attempt.now.filter((name) => !stopped.includes(name));
  const diagnostics = [...attempt.result.diagnostics, ...stopped.map(notRunning)];
  return { ...attempt, now, failures, result: { ...attempt.result, diagnostics } };
}

/** A run that is ended from here on leaves services that were restarted. */
async function announceRestarts(context: Context, attempt: Trying): Promise<Trying> {
  const { undo } = attempt.result;
  if (attempt.now.length === 0 || undo!.restarted) return attempt;
  let kept = undo!;
  const failures = await failureOf(async () => {
    kept = await keepRestarted(context, kept);
  });
  return { ...attempt, failures, result: { ...attempt.result, undo: kept } };
}

async function restartOne(
  { system, placement, caller }: Context,
  attempt: Trying,
  { signals }: ForceOptions,
): Promise<Trying> {
  if (attempt.now.length === 0 || attempt.failures.length > 0) return attempt;
  const result = { ...attempt.result, restarted: true };
  const { plan } = attempt.result.prepared ?? {};
  const restarted = (name: string) =>
    caller.tellIfLong(`${name}: waiting for its restart; an interrupt puts it back …`, () =>
      signals.unlessCame(() => restart(system, name, placement.scope, plan)),
    );
  return { ...attempt, result, failures: await failuresOfEach(attempt.now, restarted) };
}

/** What goes wrong with services, one beside the other. */
const failuresOfEach = async (
  names: readonly string[],
  step: (name: string) => Promise<readonly Diagnostic[]>,
): Promise<Diagnostic[]> => (await Promise.all(names.map((name) => failuresOf(() => step(name))))).flat();

async function tryOne({ system }: Context, attempt: Trying, { signals }: ForceOptions): Promise<Trying> {
  if (attempt.failures.length > 0) return attempt;
  const tried = (name: string) =>
    signals.unlessCame(() => tryOut(system, trialOf(preparedFor(attempt.result.prepared!, name))));
  return { ...attempt, failures: await failuresOfEach(attempt.now, tried) };
}

/** Adds which calls a service that failed was refused: when it is as it was before, nobody can ask it. */
async function tellWhy(context: Context, attempt: Trying): Promise<Trying> {
  const { result, failures, now } = attempt;
  if (!failures.some(({ code }) => code === 'service-failed')) return attempt;
  const { refusalsAfterRestart } = await import('./refusals-after-restart.js');
  const refusals = now.map((name) => refusalsAfterRestart(context, preparedFor(result.prepared!, name)));
  return { ...attempt, failures: [...failures, ...(await Promise.all(refusals)).flat()] };
}

/**
 * Holds what the kernel does with a unit against its plan, last, so that what the probe has made it start is seen, too.
 * What can't be seen, or is left over from before, is told, and no failure.
 */
async function holdOne(context: Context, attempt: Trying, { signals }: ForceOptions): Promise<Trying> {
  if (attempt.failures.length > 0) return attempt;
  let { verified } = attempt.result;
  const unproven: Diagnostic[] = [];
  const failures = await failuresOfEach(attempt.now, async (name) => {
    const { plan } = preparedFor(attempt.result.prepared!, name);
    const properties = await context.system.unit(name);
    const found = await signals.unlessCame(() => readKernel(context, plan, properties));
    // What has done its work has no process, nor has what isn't held to any call.
    const open = [...found.unproven, ...found.leftOver];
    const unseen = open.filter(({ severity }) => severity === 'error');
    if (found.groups.length === 0 && unseen.every(({ code }) => code === 'not-running')) return [];
    verified = (verified ?? true) && unseen.length === 0 && found.wrong.length === 0;
    const noted = (one: Diagnostic): Diagnostic =>
      one.severity === 'error' ? { ...one, severity: 'warning' } : one;
    unproven.push(...open.map(noted));
    return found.wrong;
  });
  const diagnostics = [...attempt.result.diagnostics, ...unproven];
  return { ...attempt, failures, result: { ...attempt.result, verified, diagnostics } };
}

/** From here on the unit is as it shall be, whatever ends this program. */
async function finish(context: Context, attempt: Trying): Promise<Trying> {
  const { result, failures, asTheyAre, due } = attempt;
  if (failures.length > 0) return attempt;
  const along: Diagnostic[] = [];
  const done = async () => {
    along.push(...(await startAlong(context, result.undo!)));
    await writeChanges(
      context.system,
      result.changes.filter(({ kind }) => kind === 'remove'),
    );
    await forgetUndo(context, result.unit);
  };
  const wrong = await failureOf(done);
  if (wrong.length === 0) await keepRuns(context, result.unit, [...asTheyAre, ...due]);
  const diagnostics = [...result.diagnostics, ...along];
  return { ...attempt, failures: wrong, result: { ...result, diagnostics } };
}

async function takeBack(
  context: Context,
  attempts: readonly Pick<Trying, 'result' | 'failures'>[],
  signals: HeldSignals,
): Promise<UnitResult[]> {
  const undos = attempts.map(({ result }) => result.undo!);
  const problems = await putBack(context, undos, { signals });
  return attempts.map(({ result, failures }, i) => ({
    ...result,
    state: problems[i]!.every(isAsWanted) ? 'rolled-back' : 'failed',
    diagnostics: [...result.diagnostics, ...failures, ...problems[i]!],
  }));
}
