import type { System } from '../system.js';
import { isDown, type UnitState } from '../unit-state.js';

/** The states of a service that is up; one may be reloaded at any time. */
const UP: readonly UnitState['activeState'][] = ['active', 'reloading', 'refreshing'];
export const isUp = (state: UnitState): boolean => UP.includes(state.activeState);
/** Whether a service runs or is being started, so that a restart is due. */
export const isRunning = (state: UnitState): boolean => isUp(state) || state.activeState === 'activating';
/** Whether a oneshot service has done its work, and was not skipped. */
export const isFinished = (state: UnitState) =>
  state.type === 'oneshot' &&
  !state.remainAfterExit &&
  state.conditionResult &&
  state.activeState === 'inactive' &&
  state.result === 'success';
/** Whether a service has ended and waits for its next start (Restart=). */
export const isWaiting = (state: UnitState): boolean => state.subState.startsWith('auto-restart');
export const hasFailed = (state: UnitState): boolean => state.activeState === 'failed';

/** Whether the manager is about to start or stop a unit. */
export const hasJob = (state: UnitState): boolean => state.job !== 0;

/** The identity of one run of a service. */
export interface ServiceRun {
  /** The service's name. */
  readonly unit: string;
  /** The invocation ID, in hex. */
  readonly invocation: string;
}

/** The run that a service is in, or was in last. */
export const runOf = (unit: string, state: UnitState): ServiceRun => ({
  unit,
  invocation: state.invocationId,
});

/** The run that a service is in; undefined if it doesn't run. */
export const currentRun = (unit: string, state: UnitState): ServiceRun | undefined =>
  isRunning(state) ? runOf(unit, state) : undefined;
/** Whether a service has run on from one look to the next, without a start in between. */
export function isSameRun(before: ServiceRun, after: UnitState): boolean {
  const isThere = !isDown(after) || isFinished(after);
  return isThere && before.invocation === after.invocationId;
}

/**
 * Whether a service has ended without having been started again. A service that nothing holds is unloaded, and its
 * invocation is gone.
 */
export const hasEnded = ({ invocation }: ServiceRun, after: UnitState): boolean =>
  isDown(after) && ['', invocation].includes(after.invocationId);

/** Whether a service is being stopped or restarted by others: its next state is yet to come. */
export const isUnderWay = (state: UnitState): boolean =>
  state.activeState === 'deactivating' || (isDown(state) && hasJob(state));
/** The time between two questions about a service that others stop, in milliseconds. */
export const PAUSE = 100;

/**
 * Waits until a stop or restart that others have asked for is over.
 * @returns the service's state after it
 */
export async function atRest(system: System, unit: string): Promise<UnitState> {
  for (;;) {
    const state = await system.unit(unit);
    if (!isUnderWay(state)) return state;
    await system.wait(PAUSE);
  }
}
