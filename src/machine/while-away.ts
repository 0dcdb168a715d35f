import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../diagnostic.js';

/**
 * The longest absence of a manager that reexecutes itself, in milliseconds: usually a second, more on slow machines.
 */
const AWAY_TIMEOUT = 5_000;
const AWAY_PAUSE = 50;

/** Makes a call, and repeats it while the manager is away. The call must be harmless when it is made twice. */
export async function whileAway<T>(call: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + AWAY_TIMEOUT; ; await sleep(AWAY_PAUSE)) {
    try {
      return await call();
    } catch (cause) {
      if (codeOf(cause) !== 'manager-away' || performance.now() > end) throw cause;
    }
  }
}
