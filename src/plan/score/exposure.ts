/** An exposure, in tenths: from 0, the best, to 100. */
export type Exposure = number;

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
