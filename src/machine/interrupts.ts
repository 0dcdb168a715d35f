import { constants } from 'node:os';
import type { Interrupt, Interrupts } from './caller.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Signals within this time are one request, in milliseconds: a closing terminal sends several, and so does timeout(1).
 */
const TOGETHER = 300;

/** Holds back the signals that would end this program, until release() is called. */
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
