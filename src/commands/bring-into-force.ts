import {
  isOutdated,
  isRunning,
  isSameRun,
  noRestartNeeded,
  notRunning,
  restart,
  restartDue,
  restartObstacle,
  type ServiceRun,
  type Trial,
  tryOut,
} from '../apply/activate.js';
import { type Change, hasEffect } from '../apply/changes.js';
import { isNewLauncher } from '../apply/undo.js';
import { undoChanges } from '../apply/write.js';
import { inBatches } from '../collections.js';
import { type Diagnostic, error } from '../diagnostic.js';
import { hasNameOfDropIn, installedLauncher } from '../emit/paths.js';
import type { Context } from '../system/context.js';
import { failureOf, failuresOf } from './failures.js';
import type { HeldSignals } from './held-signals.js';
import { loadedNow, notInForce } from './in-force.js';
import { removeUnusedLauncher } from './launcher-file.js';
import type { Prepared } from './prepare.js';
import { readKernel } from './read-kernel.js';
import { forgetUndo } from './undo-files.js';
import type { UnitResult } from './unit-result.js';

interface ForceOptions {
  /** False: leave services as they run. */
  readonly restart?: boolean | undefined;
  /** One that has come ends what isn't done: it is put back. */
  readonly signals: HeldSignals;
}

/** How many units are restarted and tried out at a time. */
const BATCH = 8;

/** A unit on its way: what is wrong with it so far. */
export interface Attempt {
  readonly result: UnitResult;
  readonly failures: readonly Diagnostic[];
}

/** A unit whose services are restarted and tried out. */
interface Trying extends Attempt {
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
    return putBack(
      context,
      written.map((result) => ({ result, failures })),
    );
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
    const started = await all(turn, (one) => restartOne(context, one, options));
    const tried = await all(started, (one) => tryOne(context, one, options));
    const held = await all(tried, (one) => holdOne(context, one, options));
    trying = await all(held, (one) => tellWhy(context, one));
  }
  const done = await all(trying, (attempt) => finish(context, attempt));
  const back = await putBack(
    context,
    done.filter(({ failures }) => failures.length > 0),
  );
  return done.map(({ result }) => back.find(({ unit }) => unit === result.unit) ?? result);
}

const turnOf = ({ due, failures }: Trying, from: number, to: number): readonly string[] =>
  failures.length > 0 ? [] : due.slice(from, to);

/** Holds what is loaded against the plan, and sees which restarts are due. */
async function lookAt(context: Context, result: UnitResult, options: ForceOptions): Promise<Trying> {
  const { plan, unit, written } = result.prepared!;
  const due: string[] = [];
  const notes: Diagnostic[] = [];
  const failures = await failuresOf(async () => {
    const loaded = await loadedNow(context, unit);
    const wrong = notInForce(context, plan, loaded, unit);
    if (wrong.length > 0) return wrong;
    const running = loaded.services.filter(({ properties }) => isRunning(properties));
    if (running.length === 0) notes.push(notRunning(plan.unit));
    for (const { name, properties } of running) {
      const changes = hasEffect(result.changes) || isOutdated(properties, written);
      const obstacle = restartObstacle(properties);
      if (!changes) notes.push(noRestartNeeded(name));
      else if (options.restart === false || obstacle) notes.push(restartDue(name, obstacle));
      else due.push(name);
    }
    return [];
  });
  const noted = { ...result, diagnostics: [...result.diagnostics, ...notes] };
  return { result: noted, failures, due, now: [] };
}

async function restartOne(
  { system, placement }: Context,
  attempt: Trying,
  { signals }: ForceOptions,
): Promise<Trying> {
  if (attempt.now.length === 0) return attempt;
  const result = { ...attempt.result, restarted: true };
  const restarted = (name: string) => signals.unlessCame(() => restart(system, name, placement.scope));
  return { ...attempt, result, failures: await failuresOfEach(attempt.now, restarted) };
}

/** What goes wrong with services, one beside the other. */
const failuresOfEach = async (
  names: readonly string[],
  step: (name: string) => Promise<readonly Diagnostic[]>,
): Promise<Diagnostic[]> => (await Promise.all(names.map((name) => failuresOf(() => step(name))))).flat();

/** How long a service must stay up if the policy doesn't say, in milliseconds. */
const DEFAULT_SETTLE = 1000;

/** What a service must stand by its policy. */
export const trialOf = ({ plan, policy: { policy } }: Prepared): Trial => ({
  plan,
  settle: policy.settle?.value ?? DEFAULT_SETTLE,
  probe: policy.probe?.map(({ value }) => value),
});

async function tryOne({ system }: Context, attempt: Trying, { signals }: ForceOptions): Promise<Trying> {
  if (attempt.failures.length > 0) return attempt;
  const tried = (name: string) =>
    signals.unlessCame(() => tryOut(system, trialOf(preparedFor(attempt.result, name))));
  return { ...attempt, failures: await failuresOfEach(attempt.now, tried) };
}

/** The plan of a service: of an instance that of its template. */
function preparedFor({ prepared }: UnitResult, name: string): Prepared {
  return { ...prepared!, plan: { ...prepared!.plan, unit: name } };
}

/** Adds which calls a service that failed was refused: when it is as it was before, nobody can ask it. */
async function tellWhy(context: Context, attempt: Trying): Promise<Trying> {
  const { result, failures, now } = attempt;
  if (!failures.some(({ code }) => code === 'service-failed')) return attempt;
  const { refusalsAfterRestart } = await import('./refusals-after-restart.js');
  const refusals = now.map((name) => refusalsAfterRestart(context, preparedFor(result, name)));
  return { ...attempt, failures: [...failures, ...(await Promise.all(refusals)).flat()] };
}

/**
 * Holds what the kernel does with a unit against its plan, last, so that what the probe has made it start is seen, too.
 * What can't be seen is told, and no failure.
 */
async function holdOne(context: Context, attempt: Trying, { signals }: ForceOptions): Promise<Trying> {
  if (attempt.failures.length > 0) return attempt;
  let { verified } = attempt.result;
  const unproven: Diagnostic[] = [];
  const failures = await failuresOfEach(attempt.now, async (name) => {
    const { plan } = preparedFor(attempt.result, name);
    const properties = await context.system.unit(name);
    const found = await signals.unlessCame(() => readKernel(context, plan, properties));
    // What has done its work has no process, nor has what isn't held to any call.
    const unseen = found.unproven.filter(({ severity }) => severity === 'error');
    if (found.groups.length === 0 && unseen.every(({ code }) => code === 'not-running')) return [];
    verified = (verified ?? true) && unseen.length === 0 && found.wrong.length === 0;
    const noted = (one: Diagnostic): Diagnostic =>
      one.severity === 'error' ? { ...one, severity: 'warning' } : one;
    unproven.push(...found.unproven.map(noted));
    return found.wrong;
  });
  const diagnostics = [...attempt.result.diagnostics, ...unproven];
  return { ...attempt, failures, result: { ...attempt.result, verified, diagnostics } };
}

/** From here on the unit is as it shall be, whatever ends this program. */
async function finish<T extends Attempt>(context: Context, attempt: T): Promise<T> {
  if (attempt.failures.length > 0) return attempt;
  return { ...attempt, failures: await failureOf(() => forgetUndo(context, attempt.result.unit)) };
}

/**
 * Puts files back, reloads, and starts services as they were; goes on whatever fails on the way. What the loaded drop-in
 * needs goes only when the manager has read the one before it.
 */
export async function putBack(context: Context, attempts: readonly Attempt[]): Promise<UnitResult[]> {
  if (attempts.length === 0) return [];
  const undone: (readonly Diagnostic[])[] = [];
  for (const { result } of attempts) undone.push(await failureOf(() => undoDropIn(context, result)));
  const reloaded = await failureOf(() => context.system.reload());
  for (const [i, { result }] of attempts.entries()) {
    if (reloaded.length > 0 || undone[i]!.length > 0) continue;
    undone[i] = await failureOf(() => undoRest(context, result));
  }
  return Promise.all(
    attempts.map(async ({ result, failures }, i): Promise<UnitResult> => {
      const again = await failuresOf(() => startAgain(context, result));
      const isBack = undone[i]!.length + reloaded.length === 0;
      const kept = isBack ? await failureOf(() => forgetUndo(context, result.unit)) : [];
      const problems = [...undone[i]!, ...reloaded, ...again, ...kept];
      const diagnostics = [...result.diagnostics, ...failures, ...problems];
      return { ...result, state: problems.length > 0 ? 'failed' : 'rolled-back', diagnostics };
    }),
  );
}

/** Undoes what was written and has not been loaded; says what fails. */
export const undo = (context: Context, result: UnitResult): Promise<readonly Diagnostic[]> =>
  failureOf(async () => {
    await undoDropIn(context, result);
    await undoRest(context, result);
    await forgetUndo(context, result.unit);
  });

/** A file that the drop-in of ours needs, and the one before it doesn't. */
const isNeeded = ({ kind, path }: Change): boolean => kind === 'create' && !hasNameOfDropIn(path);

/** The launcher stays while another unit uses it. */
const ownChanges = ({ placement }: Context, { changes }: UnitResult): Change[] =>
  changes.filter(({ path }) => path !== installedLauncher(placement));

const undoDropIn = (context: Context, result: UnitResult): Promise<void> =>
  undoChanges(
    context.system,
    ownChanges(context, result).filter((change) => !isNeeded(change)),
  );

async function undoRest(context: Context, result: UnitResult): Promise<void> {
  await undoChanges(context.system, ownChanges(context, result).filter(isNeeded));
  // One that was there before may be another's: of a unit of `run`.
  if (result.changes.some((change) => isNewLauncher(context.placement, change))) {
    await removeUnusedLauncher(context);
  }
}

/** What was never restarted runs on as it did. */
async function startAgain(context: Context, { before = [] }: UnitResult): Promise<readonly Diagnostic[]> {
  return (await inBatches(before, BATCH, (run) => startOneAgain(context, run))).flat();
}

async function startOneAgain({ system }: Context, run: ServiceRun): Promise<readonly Diagnostic[]> {
  let same = false;
  // Where that can't be told, one restart too many does less harm than a service that is down.
  await failureOf(async () => {
    same = isSameRun(run, await system.unit(run.unit));
  });
  if (same) return [];
  const again = await system.restart(run.unit);
  return again === 'done'
    ? []
    : [error('service-down', `${run.unit} doesn't start as it was either: '${again}'`)];
}
