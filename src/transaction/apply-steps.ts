import type { Diagnostic } from '../diagnostic.js';
import { preparedFor } from '../prepare/confined.js';
import { keepRuns } from '../state/applied-runs.js';
import { failureOf, failuresOf } from '../state/failures.js';
import { notRunning } from '../state/notes.js';
import { wasStopped } from '../state/stopped.js';
import type { Context } from '../system/context.js';
import { readKernel } from '../verify/kernel/read-kernel.js';
import { startDependents, watchTied } from './dependents.js';
import { type ForceOptions, lookAt, type Trying } from './due-restarts.js';
import type { HeldSignals } from './held-signals.js';
import { forgetUndo, keepRestarted } from './keep-record.js';
import { restartOrder } from './restart-order.js';
import { changedSince, isAsWanted, rollBack } from './roll-back.js';
import { restart, trialOf, tryOut } from './trial.js';
import type { UnitResult } from './unit-result.js';
import { areAsWritten, writeChanges } from './write.js';

/** How many units are restarted and tried out at a time. */
const BATCH = 8;

interface BatchOptions extends ForceOptions {
  /** All services that are tried in this run. */
  readonly own: ReadonlySet<string>;
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
  const own = new Set(written.flatMap(({ services = [] }) => services.map(({ name }) => name)));
  for (const batch of restartOrder(written, BATCH)) {
    done.push(...(await bringBatch(context, batch, { ...options, own })));
  }
  return done;
}

/**
 * Every step for all units before the next: the restart or stop of one may restart others that depend on it. A
 * template's first instance shows whether the others are restarted at all.
 */
async function bringBatch(context: Context, batch: readonly UnitResult[], options: BatchOptions) {
  const all = <T, U>(items: readonly T[], step: (item: T) => Promise<U>) => Promise.all(items.map(step));
  let trying = await all(batch, (result) => lookAt(context, result, options));
  for (let from = 0, size = 1; ; from += size, size = BATCH) {
    const turn = trying.map((one) => ({ ...one, now: turnOf(one, from, from + size) }));
    if (turn.every(({ now }) => now.length === 0)) break;
    const left = await all(turn, (one) => leaveStopped(context, one));
    const announced = await all(left, (one) => announceRestarts(context, one));
    const started = await all(announced, (one) => restartOne(context, one, options));
    const tried = await all(started, (one) => tryOrPutBack(context, one, options));
    const along = await all(tried, (one) => tryAlong(context, one, options));
    const held = await all(along, (one) => holdOne(context, one, options));
    trying = await all(held, (one) => tellWhy(context, one));
  }
  const done = await all(trying, (attempt) => finish(context, attempt));
  const wrong = done.filter(({ failures, back }) => failures.length > 0 && !back);
  const later = await takeBack(context, wrong, options.signals);
  return done.map(({ result, back }) => back ?? later.find(({ unit }) => unit === result.unit) ?? result);
}

const turnOf = ({ due, failures }: Trying, from: number, to: number): readonly string[] =>
  failures.length > 0 ? [] : due.slice(from, to);

/** One that somebody has stopped meanwhile stays so; of many instances the last waits for all others. */
async function leaveStopped({ system, placement }: Context, attempt: Trying): Promise<Trying> {
  if (attempt.now.length === 0) return attempt;
  const stopped: string[] = [];
  const failures = await failureOf(async () => {
    for (const unit of attempt.now) {
      const one = { unit, scope: placement.scope };
      if (await wasStopped(system, one, await system.unit(unit))) stopped.push(unit);
    }
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

async function restartOne(context: Context, attempt: Trying, { signals }: ForceOptions): Promise<Trying> {
  const { system, placement, caller } = context;
  if (attempt.now.length === 0 || attempt.failures.length > 0) return attempt;
  const result = { ...attempt.result, restarted: true };
  const { plan } = attempt.result.prepared ?? {};
  const restarted = (name: string) =>
    caller.tellIfLong(`${name}: waiting for its restart; an interrupt puts it back …`, () =>
      signals.unlessCame(() => restart(system, { unit: name, scope: placement.scope, plan })),
    );
  const failures = await failuresOfEach(attempt.now, restarted);
  const heard = await failureOf(() => watchTied(context, attempt.result.undo!, attempt.now));
  return { ...attempt, result, failures: [...failures, ...heard] };
}

/** What goes wrong with services, one beside the other. */
const failuresOfEach = async (
  names: readonly string[],
  step: (name: string) => Promise<readonly Diagnostic[]>,
): Promise<Diagnostic[]> => (await Promise.all(names.map((name) => failuresOf(() => step(name))))).flat();

/** One that fails isn't left down until the others have been tried. */
async function tryOrPutBack(context: Context, attempt: Trying, options: ForceOptions): Promise<Trying> {
  if (attempt.back) return attempt;
  const tried = await tryOne(context, attempt, options);
  // An interrupt ends all trials: all are put back together.
  const isOver = tried.failures.some(({ code }) => code === 'interrupted');
  if (tried.failures.length === 0 || isOver) return tried;
  const told = await tellWhy(context, tried);
  const [back] = await takeBack(context, [told], options.signals);
  return { ...told, back: back! };
}

async function tryOne(
  { system, caller }: Context,
  attempt: Trying,
  { signals }: ForceOptions,
): Promise<Trying> {
  if (attempt.failures.length > 0) return attempt;
  const tried = (name: string) =>
    caller.tellIfLong(`${name}: trying it out; an interrupt puts it back …`, () =>
      signals.unlessCame(() => tryOut(system, trialOf(preparedFor(attempt.result.prepared!, name)))),
    );
  return { ...attempt, failures: await failuresOfEach(attempt.now, tried) };
}

/** Units that depend on it must stay up with it, too; what comes of those that are tried themselves is seen then. */
async function tryAlong(context: Context, attempt: Trying, { signals, own }: BatchOptions): Promise<Trying> {
  if (attempt.failures.length > 0 || attempt.now.length === 0) return attempt;
  const { undo } = attempt.result;
  const along: Diagnostic[] = [];
  const failures = await failureOf(async () => {
    const trial = trialOf(attempt.result.prepared!);
    along.push(...(await signals.unlessCame(() => startDependents(context, undo!, { ...trial, own }))));
  });
  const wrong = along.filter(({ severity }) => severity === 'error');
  const diagnostics = [...attempt.result.diagnostics, ...along.filter((one) => !wrong.includes(one))];
  return { ...attempt, failures: [...failures, ...wrong], result: { ...attempt.result, diagnostics } };
}

/** Adds which calls a service that failed was refused: when it is as it was before, nobody can ask it. */
async function tellWhy(context: Context, attempt: Trying): Promise<Trying> {
  const { result, failures, now, back } = attempt;
  if (back || !failures.some(({ code }) => code === 'service-failed')) return attempt;
  const { refusalsAfterRestart } = await import('../explain/refusals-after-restart.js');
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
  const { failures, asTheyAre, due } = attempt;
  if (failures.length > 0) return attempt;
  let isThere = false;
  await failureOf(async () => {
    isThere = await areAsWritten(context.system, attempt.result.undo!.files);
  });
  const result = isThere ? attempt.result : changedMeanwhile(context, attempt.result);
  const done = async () => {
    await writeChanges(
      context.system,
      result.changes.filter(({ kind }) => kind === 'remove'),
    );
    await forgetUndo(context, result.unit);
  };
  const wrong = await failureOf(done);
  if (wrong.length === 0 && isThere) await keepRuns(context, result.unit, [...asTheyAre, ...due]);
  return { ...attempt, result, failures: wrong };
}

/** What was seen to be in force isn't what is there now. */
function changedMeanwhile(context: Context, result: UnitResult): UnitResult {
  const changed: Diagnostic = { ...changedSince(context, result.unit), severity: 'warning' };
  return { ...result, verified: false, diagnostics: [...result.diagnostics, changed] };
}

async function takeBack(
  context: Context,
  attempts: readonly Pick<Trying, 'result' | 'failures'>[],
  signals: HeldSignals,
): Promise<UnitResult[]> {
  const undos = attempts.map(({ result }) => result.undo!);
  const problems = await rollBack(context, undos, { signals });
  return attempts.map(({ result, failures }, i) => ({
    ...result,
    state: problems[i]!.every(isAsWanted) ? 'rolled-back' : 'failed',
    diagnostics: [...result.diagnostics, ...failures, ...problems[i]!],
  }));
}
