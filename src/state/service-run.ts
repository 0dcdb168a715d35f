import type { System, UnitProperties } from '../system/system.js';
import { invocationOf } from './failure.js';
import { isDead } from './stopped.js';

/** The states of a service that is up; anybody may reload one at any time. */
export const UP = ['active', 'reloading', 'refreshing'];
export const isUp = (properties: UnitProperties): boolean =>
  UP.includes(String(properties.get('ActiveState')));
/** Whether a service runs or is being started, so that a restart is due. */
export const isRunning = (properties: UnitProperties): boolean =>
  isUp(properties) || properties.get('ActiveState') === 'activating';
/** Whether a oneshot service has done its work, and was not skipped. */
export const isFinished = (properties: UnitProperties) =>
  properties.get('Type') === 'oneshot' &&
  properties.get('RemainAfterExit') === false &&
  properties.get('ConditionResult') === true &&
  properties.get('ActiveState') === 'inactive' &&
  properties.get('Result') === 'success';
/** Whether a service has ended and waits for its next start (Restart=). */
export const isWaiting = (properties: UnitProperties): boolean =>
  String(properties.get('SubState')).startsWith('auto-restart');
export const hasFailed = (properties: UnitProperties): boolean => properties.get('ActiveState') === 'failed';

/** Whether the manager is about to start or stop a unit. */
export const hasJob = (properties: UnitProperties): boolean => {
  const [id = 0] = (properties.get('Job') ?? []) as readonly unknown[];
  return id !== 0;
};

/** The identity of one run of a service. */
export interface ServiceRun {
  /** The service's name. */
  readonly unit: string;
  /** The invocation ID, in hex. */
  readonly invocation: string;
}

/** The run that a service is in, or was in last. */
export const runOf = (unit: string, properties: UnitProperties): ServiceRun => ({
  unit,
  invocation: invocationOf(properties),
});

/** The run that a service is in; undefined if it doesn't run. */
export const currentRun = (unit: string, properties: UnitProperties): ServiceRun | undefined =>
  isRunning(properties) ? runOf(unit, properties) : undefined;
/** Whether a service has run on from one look to the next, without a start in between. */
export function isSameRun(before: ServiceRun, after: UnitProperties): boolean {
  const isThere = !isDead(after) || isFinished(after);
  return isThere && before.invocation === runOf(before.unit, after).invocation;
}

/**
 * Whether a service has ended without having been started again. A service that nothing holds is unloaded, and its
 * invocation is gone.
 */
export function hasEnded(before: ServiceRun, after: UnitProperties): boolean {
  const { invocation } = runOf(before.unit, after);
  return isDead(after) && (before.invocation === invocation || invocation === '');
}

/** Whether somebody else is about to stop or restart a service: its next state is yet to be seen. */
export const isUnderWay = (properties: UnitProperties): boolean =>
  properties.get('ActiveState') === 'deactivating' || (isDead(properties) && hasJob(properties));
/** The time from one look to the next at a service that somebody else stops, in milliseconds. */
export const PAUSE = 100;

/**
 * Waits until a stop or restart that somebody has asked for is over.
 * @returns the service's properties after it
 */
export async function atRest(system: System, unit: string): Promise<UnitProperties> {
  for (;;) {
    const properties = await system.unit(unit);
    if (!isUnderWay(properties)) return properties;
    await system.wait(PAUSE);
  }
}
