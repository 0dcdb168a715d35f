import { constants } from 'node:os';
import type { Interrupt, Interrupts } from './bus/transient.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Signals within so many milliseconds are one request: a terminal that goes sends several, and timeout(1) does. */
const TOGETHER = 300;

/** Holds up the signals that would end this program, until it is told to let them. */
export function holdInterrupts(): Interrupts {
  const came: Interrupt[] = [];
  let wake: (() => void) | undefined;
  let last = Number.NEGATIVE_INFINITY;
  const handle = (name: NodeJS.Signals) => {
    const now = performance.now();
    if (now - last < TOGETHER) return;
    last = now;
    came.push({ name, number: constants.signals[name] });
    wake?.();
  };
  for (const name of SIGNALS) process.on(name, handle);
  return {
    next: async () => {
      if (came.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return came.shift()!;
    },
    release: () => {
      for (const name of SIGNALS) process.off(name, handle);
    },
  };
}
