/** The wait until a service's threads are the same ones, which its start has time for. */

import type { ReadySection } from '../../seccomp/syscalls/section.js';
import { parseSpan } from '../../systemd/time-span.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';

/** Types of services that say when they are ready. The others' processes may still be those of the start. */
const TELLING: readonly string[] = ['notify', 'notify-reload', 'dbus', 'forking'];

/** Milliseconds for which the threads of others must be the same ones. */
const USUAL_SETTLE = 500;

/** Milliseconds that `tighten` waits at most by itself, or as long as threads must be the same ones: it fits a default of 45 s. */
const USUAL_WAIT = 30_000;

/** A wait, in milliseconds. */
export interface Settle {
  /** How long threads must be the same ones; 0 where nobody waits. */
  readonly settle: number;
  /** The longest wait for that; undefined where `tighten` knows it by itself. */
  readonly within: number | undefined;
}

/**
 * The wait of a unit's start.
 * @param type the unit's own `Type=`
 */
export function settleOf(type: string, effective: EffectiveUnit, ready: ReadySection): Settle {
  const settle = ready.settle?.value ?? (TELLING.includes(type) ? 0 : USUAL_SETTLE);
  const timeout = startTimeout(effective);
  if (settle === 0 || timeout === undefined) return { settle, within: undefined };
  const within = Math.floor(Math.min(shareOf(timeout), Math.max(USUAL_WAIT, 10 * settle)));
  return { settle, within: within === Math.max(USUAL_WAIT, settle) ? undefined : within };
}

/** The share of a time-out that is left to the wait; the rest is for loading the filter. */
const shareOf = (timeout: number): number => (timeout * 2) / 3;

const MILLISECOND = 1_000_000n;

/**
 * Milliseconds that systemd gives each command of a start, by the unit's lines; `Infinity` where it waits for ever. Of
 * TimeoutSec=, which sets it, too, and TimeoutStartSec= the shorter one counts. Undefined where neither says it: then it is
 * the manager's default.
 */
function startTimeout(effective: EffectiveUnit): number | undefined {
  const spans = ['TimeoutStartSec', 'TimeoutSec'].flatMap((key) => {
    const text = effective.last('Service', key)?.value ?? '';
    if (text === 'infinity') return [Infinity];
    const span = parseSpan(text, 1000n * MILLISECOND);
    if (span === undefined) return [];
    return [span === 0n ? Infinity : Number(span / MILLISECOND)];
  });
  return spans.length === 0 ? undefined : Math.min(...spans);
}
