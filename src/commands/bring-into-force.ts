import {
  isOutdated,
  isRunning,
  isSameRun,
  noRestartNeeded,
  notRunning,
  restart,
  restartDue,
  restartObstacle,
  type Trial,
  tryOut,
} from '../apply/activate.js';
import { type Change, hasEffect } from '../apply/changes.js';
import { readBack } from '../apply/read-back.js';
import { undoChanges } from '../apply/write.js';
import { type Diagnostic, error } from '../diagnostic.js';
import { dropInPath, hasNameOfDropIn, installedLauncher } from '../emit/paths.js';
import type { Context } from '../system/context.js';
import { failureOf, failuresOf } from './failures.js';
import type { HeldSignals } from './held-signals.js';
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

/** A unit on its way: what is wrong with it so far, and whether it was restarted. */
export interface Attempt {
  readonly result: UnitResult;
  readonly failures: readonly Diagnostic[];
  readonly restarted: boolean;
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
      written.map((result) => ({ result, failures, restarted: false })),
    );
  }
  const done: UnitResult[] = [];
  for (let i = 0; i < written.length; i += BATCH) {
    done.push(...(await bringBatch(context, written.slice(i, i + BATCH), options)));
  }
  return done;
}

/** Every step for all units before the next: the restart or stop of one may restart others that depend on it. */
async function bringBatch(context: Context, batch: readonly UnitResult[], options: ForceOptions) {
  const all = <T, U>(items: readonly T[], step: (item: T) => Promise<U>) => Promise.all(items.map(step));
  const read = await all(batch, (result) => lookAt(context, result, options));
  const started = await all(read, (attempt) => restartOne(context, attempt, options));
  const tried = await all(started, (attempt) => tryOne(context, attempt, options));
  const held = await all(tried, (attempt) => holdOne(context, attempt, options));
  const done = await all(held, (attempt) => finish(context, attempt));
  const told = await all(done, (attempt) => tellWhy(context, attempt));
  const back = await putBack(
    context,
    told.filter(({ failures }) => failures.length > 0),
  );
  return told.map(({ result }) => back.find(({ unit }) => unit === result.unit) ?? result);
}

/** Holds what is loaded against the plan, and sees whether a restart is due. */
async function lookAt(context: Context, result: UnitResult, options: ForceOptions): Promise<Attempt> {
  const { plan, unit, written } = result.prepared!;
  let due = false;
  const notes: Diagnostic[] = [];
  const failures = await failuresOf(async () => {
    const properties = await context.system.unit(plan.unit);
    const wrong = readBack(plan, dropInPath(context.placement, plan.unit), properties, unit.properties);
    if (wrong.length > 0) return wrong;
    const changes = hasEffect(result.changes) || isOutdated(properties, written);
    const obstacle = restartObstacle(properties);
    if (!isRunning(properties)) notes.push(notRunning(plan.unit));
    else if (!changes) notes.push(noRestartNeeded(plan.unit));
    else if (options.restart === false || obstacle) notes.push(restartDue(plan.unit, obstacle));
    else due = true;
    return [];
  });
  const noted = { ...result, diagnostics: [...result.diagnostics, ...notes] };
  return { result: noted, failures, restarted: due };
}

async function restartOne(
  { system, placement }: Context,
  attempt: Attempt,
  { signals }: ForceOptions,
): Promise<Attempt> {
  if (!attempt.restarted) return attempt;
  const { unit } = attempt.result;
  const result = { ...attempt.result, restarted: true };
  const restarted = () => signals.unlessCame(() => restart(system, unit, placement.scope));
  return { ...attempt, result, failures: await failuresOf(restarted) };
}

/** How long a service must stay up if the policy doesn't say, in milliseconds. */
const DEFAULT_SETTLE = 1000;

/** What a service must stand by its policy. */
export const trialOf = ({ plan, policy: { policy } }: Prepared): Trial => ({
  plan,
  settle: policy.settle?.value ?? DEFAULT_SETTLE,
  probe: policy.probe?.map(({ value }) => value),
});

async function tryOne({ system }: Context, attempt: Attempt, { signals }: ForceOptions): Promise<Attempt> {
  if (!attempt.restarted || attempt.failures.length > 0) return attempt;
  const trial = trialOf(attempt.result.prepared!);
  return { ...attempt, failures: await failuresOf(() => signals.unlessCame(() => tryOut(system, trial))) };
}

/** Adds which calls a service that failed was refused: when it is as it was before, nobody can ask it. */
async function tellWhy(context: Context, attempt: Attempt): Promise<Attempt> {
  const { result, failures, restarted } = attempt;
  if (!restarted || !failures.some(({ code }) => code === 'service-failed')) return attempt;
  const { refusalsAfterRestart } = await import('./refusals-after-restart.js');
  return { ...attempt, failures: [...failures, ...(await refusalsAfterRestart(context, result.prepared!))] };
}

/**
 * Holds what the kernel does with a unit against its plan, last, so that what the probe has made it start is seen, too.
 * What can't be seen is told, and no failure.
 */
async function holdOne(context: Context, attempt: Attempt, { signals }: ForceOptions): Promise<Attempt> {
  if (!attempt.restarted || attempt.failures.length > 0) return attempt;
  const { plan } = attempt.result.prepared!;
  let verified: boolean | undefined;
  let unproven: readonly Diagnostic[] = [];
  const failures = await failuresOf(async () => {
    const properties = await context.system.unit(plan.unit);
    const found = await signals.unlessCame(() => readKernel(context, plan, properties));
    // What has done its work has no process, nor has what isn't held to any call.
    const unseen = found.unproven.filter(({ severity }) => severity === 'error');
    if (found.groups.length === 0 && unseen.every(({ code }) => code === 'not-running')) return [];
    verified = unseen.length === 0 && found.wrong.length === 0;
    unproven = found.unproven.map((one) =>
      one.severity === 'error' ? { ...one, severity: 'warning' } : one,
    );
    return found.wrong;
  });
  const diagnostics = [...attempt.result.diagnostics, ...unproven];
  return { ...attempt, failures, result: { ...attempt.result, verified, diagnostics } };
}

/** From here on the unit is as it shall be, whatever ends this program. */
async function finish(context: Context, attempt: Attempt): Promise<Attempt> {
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
  await removeUnusedLauncher(context);
}

/** What was never restarted runs on as it did. */
async function startAgain({ system }: Context, { unit, before }: UnitResult): Promise<readonly Diagnostic[]> {
  if (before === undefined) return [];
  let same = false;
  // Where that can't be told, one restart too many does less harm than a service that is down.
  await failureOf(async () => {
    same = isSameRun(before, await system.unit(unit));
  });
  if (same) return [];
  const again = await system.restart(unit);
  return again === 'done'
    ? []
    : [error('service-down', `${unit} doesn't start as it was either: '${again}'`)];
}
