import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../diagnostic.js';

/** A manager that executes itself again is back on the bus within a second, on a slow machine in a few. Milliseconds. */
const AWAY_TIMEOUT = 5_000;
const AWAY_PAUSE = 50;

/** Makes a call that does no harm when it is made twice, again and again while the manager is away. */
export async function whileAway<T>(call: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + AWAY_TIMEOUT; ; await sleep(AWAY_PAUSE)) {
    try {
      return await call();
    } catch (cause) {
      if (codeOf(cause) !== 'manager-away' || performance.now() > end) throw cause;
    }
  }
}
