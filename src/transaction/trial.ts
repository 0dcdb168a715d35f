import { type Diagnostic, error } from '../diagnostic.js';
import type { Plan } from '../plan/plan.js';
import type { Prepared } from '../prepare/prepare.js';
import { type FailedUnit, failed } from '../state/failure.js';
import {
  atRest,
  hasEnded,
  hasFailed,
  hasJob,
  isFinished,
  isRunning,
  isSameRun,
  isUp,
  isWaiting,
  runOf,
} from '../state/service-run.js';
import { stoppedMeanwhile, wasStopped } from '../state/stopped.js';
import type { System } from '../system/system.js';
import type { UnitState } from '../system/unit-state.js';
import { awaitPrograms, notConfined } from '../verify/kernel/confinement.js';

/** The conditions of a trial. */
export interface Trial {
  readonly plan: Plan;
  /** The time for which the service must stay up, in milliseconds. */
  readonly settle: number;
  /** A command that must succeed then. */
  readonly probe: readonly string[] | undefined;
}

/** How long a probe may take, in milliseconds. */
const PROBE_TIMEOUT = 60_000;

/**
 * Restarts a service that runs. A service that somebody has stopped meanwhile is left so.
 * @param starts whether a service that doesn't run is started
 * @returns errors where the service doesn't run then, and hasn't done its work
 */
export async function restart(
  system: System,
  one: Omit<FailedUnit, 'run'>,
  { starts = false } = {},
): Promise<Diagnostic[]> {
  const { unit } = one;
  const before = await system.unit(unit);
  if (!starts && !isRunning(before)) {
    if (await wasStopped(system, one, before)) return [stoppedMeanwhile(unit)];
    return [await failed(system, one, `${unit} went down before its restart`)];
  }
  // A service that is being started isn't up: systemd would drop a TryRestart.
  const result = await system.restart(unit, isUp(before) ? 'if-up' : undefined);
  if (result === 'canceled') {
    // Somebody else's job has taken the place of this one.
    const state = await atRest(system, unit);
    if (isUp(state)) return [];
    if (await wasStopped(system, one, state)) return [stoppedMeanwhile(unit)];
  }
  if (result !== 'done') {
    return [await failed(system, one, `the restart of ${unit} ended with '${result}'`)];
  }
  const started = await system.unit(unit);
  if (isFinished(started) || isUp(started)) return [];
  if (!starts && (await endedBefore(system, one, before, started))) return [stoppedMeanwhile(unit)];
  return [await failed(system, one, `${unit} is ${started.activeState} after the restart`)];
}

/** Whether a service was stopped before its restart, which did nothing then. */
async function endedBefore(
  system: System,
  one: Pick<FailedUnit, 'unit' | 'scope'>,
  before: UnitState,
  after: UnitState,
): Promise<boolean> {
  const run = runOf(one.unit, before);
  if (!hasEnded(run, after)) return false;
  // A service that is unloaded may have been started, and have ended by itself.
  return runOf(one.unit, after).invocation === run.invocation || wasStopped(system, one, after);
}

/** Sees that a restarted service stays up, is confined and answers its probe. @returns errors where it doesn't */
export async function tryOut(system: System, { plan, settle, probe }: Trial): Promise<Diagnostic[]> {
  const { unit } = plan;
  const one = { unit, scope: plan.target.scope, plan };
  for (let left = MOST_RESTARTS; ; left--) {
    const started = await system.unit(unit);
    if (isFinished(started)) return [];
    await awaitPrograms(system, plan);
    await system.wait(settle, async () => isOver(await system.unit(unit)));
    const settled = await system.unit(unit);
    if (left > 0 && (await wasRestartedByOthers(system, unit, started, settled))) continue;
    const hasStayed = isUp(settled) || isFinished(settled);
    if (!hasStayed || !isSameRun(runOf(unit, started), settled)) {
      if (await wasStopped(system, one, settled)) return [stoppedMeanwhile(unit)];
      return [await failed(system, { ...one, run: started }, `${unit} did not stay up`)];
    }
    const open = await notConfined(system, plan, settled);
    return open.length > 0 || !probe ? open : runProbe(system, plan, probe);
  }
}

/** Whether a service has failed, and no job is about to change that. */
const isOver = (state: UnitState): boolean => (hasFailed(state) || isWaiting(state)) && !hasJob(state);

/** How often somebody else may restart a service while it is tried. */
const MOST_RESTARTS = 5;

/**
 * Whether somebody else has started a service anew. systemd counts its own restarts (Restart=) in NRestarts, and none by
 * sockets, timers, the bus and other units.
 */
async function wasRestartedByOthers(
  system: System,
  unit: string,
  before: UnitState,
  after: UnitState,
): Promise<boolean> {
  const isAnew = isUp(after) && !isSameRun(runOf(unit, before), after);
  if (!isAnew || before.nRestarts !== after.nRestarts) return false;
  return !(await system.heard(unit))?.failed;
}

async function runProbe(system: System, plan: Plan, argv: readonly string[]): Promise<Diagnostic[]> {
  const { status, stderr, late, unstartable } = await system.run(argv, { timeout: PROBE_TIMEOUT });
  if (status === 0) return [];
  if (unstartable) {
    const hint = "'probe' in [apply] is a program's path, or its name, and its arguments; no shell reads it";
    return [error('service-failed', `the probe '${argv[0]}' can't be run: ${stderr}`, { hint })];
  }
  const [line = ''] = stderr.trim().split('\n').slice(-1);
  const end = late ? `did not end within ${PROBE_TIMEOUT / 1000} s` : `ended with status ${status}`;
  const said = line === '' ? '' : `: ${line}`;
  const one = { unit: plan.unit, scope: plan.target.scope, plan };
  const state = await system.unit(plan.unit);
  if (await wasStopped(system, one, state)) return [stoppedMeanwhile(plan.unit)];
  return [await failed(system, one, `the probe '${argv.join(' ')}' ${end}${said}`)];
}

/** How long a service must stay up if the policy doesn't say, in milliseconds. */
const DEFAULT_SETTLE = 1000;

/** The trial that a policy asks for. */
export const trialOf = ({ plan, policy: { policy } }: Prepared): Trial => ({
  plan,
  settle: policy.settle?.value ?? DEFAULT_SETTLE,
  probe: policy.probe?.map(({ value }) => value),
});
