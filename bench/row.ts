/** What a bench returns: comparisons, of two middles of runs that took turns, or of two counts. */

export type Unit = 'ns' | 'µs' | 'ms' | 's' | 'calls' | 'requests/s';

export interface Row {
  /** What was measured. */
  readonly name: string;
  /** What it is held against. */
  readonly against: string;
  readonly unit: Unit;
  readonly baseline: number;
  readonly ours: number;
  readonly aim?: Aim;
  /** A further line, for what two numbers don't say. */
  readonly note?: string;
}

export interface Aim {
  readonly text: string;
  readonly met: boolean;
}

export interface Bench {
  /** As on the command line. */
  readonly name: string;
  /** Why it can't run on this machine, or undefined. */
  readonly obstacle: () => string | undefined;
  readonly run: () => Promise<Row[]>;
}

/** Half of the values are at most this. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

/** The mean of the middle half, where values come in steps between which a median would jump. */
export function middleMean(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  const middle = sorted.slice(quarter, sorted.length - quarter);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/** At most so many times the baseline. */
export const atMostTimes = (times: number, { baseline, ours }: Measured): Aim => ({
  text: `at most ${times.toFixed(1)} times`,
  met: ours <= baseline * times,
});

/** As much as the baseline; 5 % are taken for noise. */
export const equal = ({ baseline, ours }: Measured): Aim => ({
  text: 'equal (5 %)',
  met: Math.abs(ours / baseline - 1) <= 0.05,
});

type Measured = Pick<Row, 'baseline' | 'ours'>;
