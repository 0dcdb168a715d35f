/**
 * Estimates of the calls that nobody has seen yet, by how many samples show each that was seen. A sample is a slice
 * of time, or a host.
 */

/** Counts of calls by the samples that show them. */
export interface Incidence {
  /** The number of samples. */
  readonly samples: number;
  readonly seen: number;
  /** Calls that one sample shows, and that two show. */
  readonly once: number;
  readonly twice: number;
}

/**
 * Counts calls by samples.
 * @param shown for each call that was seen the number of samples that show it, at least one
 */
export const incidenceOf = (samples: number, shown: readonly number[]): Incidence => ({
  samples,
  seen: shown.length,
  once: shown.filter((count) => count === 1).length,
  twice: shown.filter((count) => count === 2).length,
});

/**
 * The least number of calls that are likely to be unseen, rounded up: Chao2 (A. Chao, "Estimating the population size for
 * capture-recapture data with unequal catchability", Biometrics 43, 1987; the form for small samples is that of Colwell
 * and Coddington, Phil. Trans. R. Soc. B 345, 1994, in its bias-corrected variant where `twice` is 0). It is a lower bound:
 * samples that resemble each other make it too small. A single call of one sample, for which it is 0, counts as the sign of
 * another.
 */
export function unseenAtLeast({ samples, once, twice }: Incidence): number {
  if (once === 0) return 0;
  const share = (samples - 1) / samples;
  const unseen = twice > 0 ? once ** 2 / (2 * twice) : (once * (once - 1)) / 2;
  return Math.max(1, Math.ceil(share * unseen));
}

/** The most that an event's rate may be where none was seen in n tries, times n, at 95 % (-ln 0.05). */
const RULE_OF_THREE = 3;

/**
 * The number of further samples in which a call is expected that none has shown: Good and Turing estimate `once / samples`
 * new calls a sample (I. J. Good, "The population frequencies of species and the estimation of population parameters",
 * Biometrika 40, 1953). Where no call was seen just once the rule of three gives the least number (J. A. Hanley and
 * A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249, 1983): `isLeast`.
 */
export const samplesToNext = ({ samples, once }: Incidence): { samples: number; isLeast: boolean } => ({
  samples: samples / (once || RULE_OF_THREE),
  isLeast: once === 0,
});
