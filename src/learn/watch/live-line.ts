import type { Tick } from '../../observer/observer.js';
import { spanText } from '../../policy/time-span.js';

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
    const span = at >= 60 ? 'in the last minute' : 'since it began';
    return `${who}: ${spanText(at)}, ${calls} calls, ${isNew} new ${span}, ${lost === 0 ? 'nothing' : lost} lost`;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
