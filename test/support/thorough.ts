/** Whether tests try all that they can, which takes long: on every change, with CI=true. Else they try a part of it. */
export const THOROUGH = process.env.CI === 'true';

/** Why a test that takes long is skipped, or false. */
export const LONG: string | false = THOROUGH ? false : 'it takes long: CI=true';

/** Of alternatives that are dear, as machines with systemd's releases: all, or the first. */
export const alternatives = <T>(all: readonly T[], first = 1): readonly T[] =>
  THOROUGH ? all : all.slice(0, first);

/** Of many that are alike, as the calls that a run makes: each has its turn, or every fifth. */
export const EVERY = THOROUGH ? 1 : 5;

/** How many random inputs a property is tried with. */
export const inputs = (most: number): { numRuns: number } => ({
  numRuns: THOROUGH ? most : Math.ceil(most / 5),
});
