import { setTimeout as sleep } from 'node:timers/promises';
import { HANGS_MS } from './run.js';

/**
 * Asks again and again until the answer is yes: for what sends no event.
 * @throws Error naming `what` when it takes longer than `timeoutMs`.
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = HANGS_MS,
  pauseMs = 20,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(pauseMs);
  }
}
