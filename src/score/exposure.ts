import { type Judged, ROWS } from './rows.js';

/** An exposure, in tenths: from 0, the best, to 100. */
export type Exposure = number;

export interface Assessed {
  readonly exposure: Exposure;
  /** The badness of each row by its name; rows that don't apply are left out. */
  readonly badness: ReadonlyMap<string, number>;
}

/** The exposure of a unit, as assess() in src/analyze/analyze-security.c of systemd has it. */
export function assess(unit: Judged): Assessed {
  let [sum, weights] = [0, 0];
  const found = new Map<string, number>();
  for (const { name, weight, range, badness } of ROWS) {
    const bad = badness(unit);
    if (bad === undefined) continue;
    found.set(name, bad);
    sum += Math.ceil((bad * weight) / range);
    weights += weight;
  }
  return { exposure: Math.ceil((sum * 100) / weights), badness: found };
}

/** systemd's words for an exposure, each with the least that has it. */
const LEVELS: readonly (readonly [least: Exposure, level: string])[] = [
  [100, 'DANGEROUS'],
  [90, 'UNSAFE'],
  [75, 'EXPOSED'],
  [50, 'MEDIUM'],
  [10, 'OK'],
  [1, 'SAFE'],
  [0, 'PERFECT'],
];

export const levelOf = (exposure: Exposure): string =>
  LEVELS.find(([least]) => exposure >= least)?.[1] ?? 'PERFECT';

/** `9.6`. */
export const exposureText = (exposure: Exposure): string => (exposure / 10).toFixed(1);
