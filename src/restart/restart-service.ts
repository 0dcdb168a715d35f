import type { Diagnostic } from '../diagnostic.js';
import { type FailedUnit, failed } from '../state/failure.js';
import { atRest, hasEnded, isFinished, isRunning, isUp, runOf } from '../state/service-run.js';
import { stoppedMeanwhile, wasStopped } from '../state/stopped.js';
import type { System } from '../system/system.js';
import type { UnitState } from '../system/unit-state.js';

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
