import type { Tick } from '../observer/observer.js';

/** A watched unit, for the line on the terminal. */
export interface LiveUnit {
  readonly name: string;
  readonly phase: string | undefined;
}

/** Follows the number of calls, to say how many are new. */
export class LiveLine {
  /** Seconds since the begin, and the number of calls then; for the last minute. */
  readonly #past: { readonly at: number; readonly calls: number }[] = [];

  /**
   * A line about all watched units.
   * @param at seconds since the begin
   */
  text(units: readonly LiveUnit[], ticks: readonly Tick[], at: number): string {
    const calls = sum(ticks.map((tick) => tick.calls));
    this.#past.push({ at, calls });
    while (this.#past.length > 1 && this.#past[1]!.at <= at - 60) this.#past.shift();
    const first = this.#past[0]!;
    const isNew = calls - first.calls;
    const lost = sum(ticks.map((tick) => tick.lost));
    const [unit] = units;
    const who = units.length === 1 ? `${unit!.name} (${unit!.phase ?? 'down'})` : `${units.length} services`;
    const span = at >= 60 ? 'in the last minute' : 'since the begin';
    return `${who}: ${duration(at)}, ${calls} calls, ${isNew} new ${span}, ${lost === 0 ? 'nothing' : lost} lost`;
  }
}

/** A time in seconds for people: `1 h 02 min`, `3 min 20 s`. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  return minutes > 0 ? `${minutes} min ${String(rest).padStart(2, '0')} s` : `${rest} s`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
