import { systemctl } from '../command-lines.js';
import { printable } from '../diagnostic.js';
import { orElse } from '../state/failures.js';
import type { Context } from '../system/context.js';

/** The value of TimeoutStopUSec for no end: the largest number of 64 bits. */
const NEVER = 2n ** 64n - 1n;

/** Waits for a job of a service. If that takes long, and its stop may never end, the user gets the command that ends it. */
export const waitFor = <T>(context: Context, unit: string, line: string, job: () => Promise<T>): Promise<T> =>
  context.caller.tellIfLong(line, job, () => orElse(() => endlessStop(context, unit), undefined));

/** A service that fails to save its data at its stop goes on, and systemd kills none without a timeout. */
async function endlessStop({ system, placement }: Context, unit: string): Promise<string | undefined> {
  const { activeState, properties } = await system.unit(unit);
  if (activeState !== 'deactivating' || properties.get('TimeoutStopUSec') !== NEVER) return undefined;
  const status = properties.get('StatusText');
  const says = typeof status === 'string' && status !== '' ? `, and says '${printable(status)}'` : '';
  const kill = systemctl(placement.scope, 'kill -s KILL', unit);
  return `${unit} doesn't stop${says}; systemd waits without end (TimeoutStopSec=), and '${kill}' ends it, unsaved data with it`;
}
