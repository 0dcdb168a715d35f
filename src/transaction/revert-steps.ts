import { inBatches } from '../collections.js';
import { type Diagnostic, EXIT } from '../diagnostic.js';
import type { Change } from '../emit/changes.js';
import { hasNameOfDropIn, installedLauncher } from '../paths.js';
import { serviceName } from '../prepare/load/load-unit.js';
import { obstacleTo } from '../restart/may-restart.js';
import { forgetRuns } from '../state/applied-runs.js';
import { failureOf, failuresOf } from '../state/failures.js';
import { leftAsItRuns, staysFailed } from '../state/notes.js';
import { ASKED_AT_ONCE, servicesOf } from '../state/service.js';
import { hasFailed, isRunning } from '../state/service-run.js';
import { STOPPED_MEANWHILE } from '../state/stopped.js';
import type { Context } from '../system/context.js';
import { startDependents, watchTied } from './dependents.js';
import type { HeldSignals } from './held-signals.js';
import { forgetUndo, keepRestarted, keepUndo } from './keep-record.js';
import type { RevertOptions } from './plan-revert.js';
import { restartOrder } from './restart-order.js';
import { isAsWanted, rollBack } from './roll-back.js';
import { restart } from './trial.js';
import type { Undo } from './undo-record.js';
import { type UnitResult, updated } from './unit-result.js';
import { writeChanges } from './write.js';

export async function takeBack(
  context: Context,
  pending: readonly UnitResult[],
  options: RevertOptions & { readonly signals: HeldSignals },
): Promise<UnitResult[]> {
  const { system, offline } = context;
  const found = offline ? pending : await eachOf(pending, (result) => keep(context, result));
  // What a restart takes along is restarted after it.
  const kept = restartOrder(found, found.length).flat();
  const opened = await eachOf(kept, (result) =>
    isFailed(result) ? result : removeOnly(context, result, isDropIn),
  );
  const failures = offline ? [] : await failureOf(() => system.reload());
  if (failures.length > 0) {
    const failed = opened.map((result) => withFailures(result, failures));
    return offline ? failed : eachOf(failed, (result) => forget(context, result));
  }
  const isLauncher = ({ path }: Change) => path === installedLauncher(context.placement);
  const isRest = (change: Change) => !isDropIn(change) && !isLauncher(change);
  const cleared = await eachOf(opened, (result) =>
    isFailed(result) ? result : removeOnly(context, result, isRest),
  );
  const isOpen = (unit: string) => opened.some((result) => result.unit === unit && !isFailed(result));
  const done = offline ? cleared : await restartAll(context, cleared, { ...options, isOpen });
  // The last: as long as a unit may be put back it needs it.
  if (done.some(isFailed)) return done;
  return eachOf(done, (result) =>
    result.changes.some(isLauncher) ? removeOnly(context, result, isLauncher) : result,
  );
}

export async function restartAll(
  context: Context,
  cleared: readonly UnitResult[],
  {
    restart: wanted,
    signals,
    isOpen,
  }: RevertOptions & { readonly signals: HeldSignals; readonly isOpen: (unit: string) => boolean },
): Promise<UnitResult[]> {
  // The manager has forgotten its drop-in, whatever could not be cleared away after it.
  const restarted = await eachOf(cleared, (result) =>
    isOpen(result.unit) ? restartUnit(context, result, { signals, wanted }) : result,
  );
  const back = await putBackInterrupted(context, restarted, signals);
  return eachOf(updated(restarted, back), async (result) =>
    back.includes(result) ? result : forget(context, saying(result, await along(context, result, signals))),
  );
}

export const along = (
  context: Context,
  { undo }: UnitResult,
  signals: HeldSignals,
): Promise<readonly Diagnostic[]> =>
  failuresOf(async () => {
    const found = undo ? await signals.unlessAgain(() => startDependents(context, undo)) : [];
    // Without the policy it is nothing of the policy's that they don't stand.
    return found.map((one) => (one.severity === 'error' ? { ...one, severity: 'warning' } : one));
  });

/** What was yet to be restarted is as it was before, so that the next revert has it all to do. */
export async function putBackInterrupted(
  context: Context,
  results: readonly UnitResult[],
  signals: HeldSignals,
): Promise<UnitResult[]> {
  const interrupted = results.filter(
    ({ undo, diagnostics }) => undo && diagnostics.some(({ code }) => code === 'interrupted'),
  );
  const undos = interrupted.map(({ undo }) => undo!);
  const problems = await rollBack(context, undos, { signals });
  return interrupted.map((result, i) => ({
    ...saying(result, problems[i]!),
    state: problems[i]!.every(isAsWanted) ? 'rolled-back' : 'failed',
  }));
}

/** What is ended from here on, however, is put back by the next run. */
export async function keep(context: Context, result: UnitResult): Promise<UnitResult> {
  const { unit, changes, services = [] } = result;
  let undo: Undo | undefined;
  const failures = await failureOf(async () => {
    undo = await keepUndo(context, { unit, changes, services });
  });
  return undo ? { ...result, undo } : withFailures(result, failures);
}

/** What has failed is told, and goes on with the next revert from where it is. */
export async function forget(context: Context, result: UnitResult): Promise<UnitResult> {
  const failures = await failureOf(async () => {
    // Last what has it put back: without that its runs would be missed.
    await forgetRuns(context, result.unit);
    await forgetUndo(context, result.unit);
  });
  return failures.length > 0 ? withFailures(result, failures) : result;
}

export async function eachOf(
  results: readonly UnitResult[],
  step: (result: UnitResult) => UnitResult | Promise<UnitResult>,
): Promise<UnitResult[]> {
  const done: UnitResult[] = [];
  for (const result of results) done.push(await step(result));
  return done;
}

export const isDropIn = ({ path }: Change): boolean => hasNameOfDropIn(path);
export const isFailed = ({ state }: UnitResult): boolean => state === 'failed';
const saying = (result: UnitResult, more: readonly Diagnostic[]): UnitResult => ({
  ...result,
  diagnostics: [...result.diagnostics, ...more],
});
export const withFailures = (result: UnitResult, failures: readonly Diagnostic[]): UnitResult => ({
  ...saying(result, failures),
  state: 'failed',
  exit: EXIT.failure,
});
export async function removeOnly(
  { system }: Context,
  result: UnitResult,
  which: (change: Change) => boolean,
): Promise<UnitResult> {
  const failures = await failureOf(() => writeChanges(system, result.changes.filter(which)));
  return failures.length > 0 ? withFailures(result, failures) : { ...result, state: 'reverted' };
}

interface HowRestarted {
  readonly signals: HeldSignals;
  /** False: services are left as they run. */
  readonly wanted: boolean | undefined;
}

/** Where that can't be kept the next run starts nothing that has ended: no reason to leave a service confined. */
async function announced(context: Context, undo: Undo): Promise<Undo> {
  let kept = undo;
  await failureOf(async () => {
    kept = await keepRestarted(context, undo);
  });
  return kept;
}

/** How many instances of a template are restarted at a time. */
const RESTARTED_AT_ONCE = 8;

/** Restarts what runs of a unit. */
async function restartUnit(
  context: Context,
  result: UnitResult,
  { signals, wanted }: HowRestarted,
): Promise<UnitResult> {
  const { system, placement } = context;
  let { undo } = result;
  let restarted = false;
  const told = await failuresOf(async () => {
    signals.assertNone();
    const services = await servicesOf(context, serviceName(result.unit));
    const running = services.filter(({ properties }) => isRunning(properties));
    const obstacles = await inBatches(running, ASKED_AT_ONCE, (one) => obstacleTo(context, one));
    const isStaying = (i: number) => wanted === false || obstacles[i] !== undefined;
    const due = running.filter((_, i) => !isStaying(i));
    const names = due.map(({ name }) => name);
    if (undo && due.length > 0) {
      undo = await announced(context, undo);
      await system.watch(names);
    }
    const each = await inBatches(names, RESTARTED_AT_ONCE, (name) =>
      failuresOf(async () => {
        const wrong = await signals.unlessCame(() =>
          restart(system, { unit: name, scope: placement.scope, plan: undefined }),
        );
        restarted = true;
        // One that somebody has stopped has nothing left of its policy.
        return wrong.filter(({ code }) => code !== STOPPED_MEANWHILE);
      }),
    );
    if (undo && restarted) await watchTied(context, undo, names);
    const notes = running.flatMap(({ name }, i) => (isStaying(i) ? [leftAsItRuns(name, obstacles[i])] : []));
    const failed = services.filter(({ properties }) => hasFailed(properties));
    const ends = failed.map(({ name, properties }) => staysFailed(name, placement.scope, properties));
    return [...notes, ...ends, ...each.flat()];
  });
  const { undo: _, ...rest } = result;
  return saying({ ...rest, ...(undo ? { undo } : {}), ...(restarted ? { restarted } : {}) }, told);
}
