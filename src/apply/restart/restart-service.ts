import type { Diagnostic } from '../../diagnostic.js';
import { type FailedUnit, failed } from '../../machine/state/failure.js';
import { atRest, isFinished, isUp } from '../../machine/state/service-run.js';
import type { OtherJob, System } from '../../machine/system.js';
import { isDown, type UnitState } from '../../machine/unit-state.js';

interface HowRestarted {
  /** Whether a service that doesn't run is started. */
  readonly starts?: boolean;
  /** Gets the jobs of other units that the manager has queued with the restart. */
  readonly queued?: (others: readonly OtherJob[]) => Promise<void>;
}

/**
 * Restarts a service that runs.
 * @returns errors where the service doesn't run then, and hasn't done its work
 */
export async function restart(
  system: System,
  one: Omit<FailedUnit, 'run'>,
  { starts = false, queued }: HowRestarted = {},
): Promise<Diagnostic[]> {
  const { unit } = one;
  const before = await system.unit(unit);
  if (!starts && isDown(before)) return [await failed(system, one, `${unit} went down before its restart`)];
  // A service that is being started isn't up: systemd would drop a try-restart.
  const result = await system.restart(unit, isUp(before) ? 'if-up' : undefined, queued);
  // A job of another program may have taken the place of this one.
  if (result === 'canceled' && isUp(await atRest(system, unit))) return [];
  if (result !== 'done') return [await failed(system, one, `the restart of ${unit} ended with '${result}'`)];
  const started = await system.unit(unit);
  if (isFinished(started) || isUp(started) || isForgotten(started)) return [];
  return [await failed(system, one, `${unit} is ${started.activeState} after the restart`)];
}

/** Whether a oneshot service was unloaded when its work was done, since nothing holds it: its run is not known any more. */
const isForgotten = ({ type, activeState, result, invocationId }: UnitState): boolean =>
  type === 'oneshot' && activeState === 'inactive' && result === 'success' && invocationId === '';
