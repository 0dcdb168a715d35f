import { EXIT, error, printable, UserError, warning } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { orElse } from '../machine/state/failures.js';
import type { UnitState } from '../machine/unit-state.js';
import { systemctl } from '../systemd/command-lines.js';
import { isRollbackDue } from './confirm/rollback-timer.js';

/** The value of a timeout for no end: the largest number of 64 bits. */
const NEVER = 2n ** 64n - 1n;

/** The pause between two looks whether a roll-back waits for this run, in milliseconds. */
const LOOK = 10_000;

/** The code of what is said of a unit whose job is yet to end. */
export const UNDER_WAY = 'still-under-way';

/**
 * Waits for a job of a service. If that takes long, and its stop may never end, the user gets the command that ends it.
 * @param longest milliseconds; by default a job is waited for to its end. One that may have none is given up where an unconfirmed
 *   change is to be undone, for which this run's lock is waited for.
 * @throws UserError `still-under-way`
 */
export const waitFor = <T>(
  context: Context,
  unit: string,
  line: string,
  job: () => Promise<T>,
  longest?: number,
): Promise<T> =>
  context.caller.tellIfLong(
    line,
    () => unlessGivenUp(context, unit, job(), longest),
    () => orElse(() => endlessStop(context, unit), undefined),
  );

async function unlessGivenUp<T>(
  context: Context,
  unit: string,
  job: Promise<T>,
  longest: number | undefined,
): Promise<T> {
  let isOver = false;
  const ended = job.finally(() => {
    isOver = true;
  });
  ended.catch(() => undefined);
  while (!isOver) {
    const alarm = context.system.alarm(longest ?? LOOK);
    await Promise.race([ended, alarm.rung]).finally(alarm.stop);
    if (isOver) break;
    if (longest !== undefined) throw givenUp(context, warning, unit, 'its job is taking too long');
    const isHeldUp = await orElse(() => holdsUp(context, unit), false);
    if (isHeldUp && !isOver) throw givenUp(context, error, unit, HOLDS_UP);
  }
  return ended;
}

const HOLDS_UP = 'its job has no timeout, and an unconfirmed change is due to be rolled back';

async function holdsUp(context: Context, unit: string): Promise<boolean> {
  return isEndless(await context.system.anyUnit(unit)) && (await isRollbackDue(context));
}

/** Sockets and mounts have one limit for both. */
const isEndless = ({ activeState, properties }: UnitState): boolean =>
  (activeState === 'deactivating' && hasNoLimit(properties, 'TimeoutStopUSec')) ||
  (activeState === 'activating' && hasNoLimit(properties, 'TimeoutStartUSec'));

const hasNoLimit = (properties: UnitState['properties'], name: string): boolean =>
  (properties.get(name) ?? properties.get('TimeoutUSec')) === NEVER;

function givenUp({ placement }: Context, make: typeof error, unit: string, why: string): UserError {
  const hint = `the job continues; '${systemctl(placement.scope, 'status', unit)}' shows its state`;
  return new UserError(make(UNDER_WAY, `stopped waiting for ${unit}: ${why}`, { hint }), EXIT.failure);
}

/** A service that fails to save its data at its stop goes on, and systemd kills none without a timeout. */
async function endlessStop({ system, placement }: Context, unit: string): Promise<string | undefined> {
  const state = await system.anyUnit(unit);
  if (state.activeState !== 'deactivating' || !isEndless(state)) return undefined;
  const status = state.properties.get('StatusText');
  const says = typeof status === 'string' && status !== '' ? ` ('${printable(status)}')` : '';
  const kill = systemctl(placement.scope, 'kill -s KILL', unit);
  return `${unit} is still stopping${says}, and has no stop timeout (TimeoutStopSec=); '${kill}' kills it, and unsaved data is lost`;
}
