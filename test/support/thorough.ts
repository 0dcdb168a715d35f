/** Whether tests try all that they can, which takes long: on every change, with CI=true. Else they try a part of it. */
export const THOROUGH = process.env.CI === 'true';

/** Of alternatives each of which costs a machine, as systemd's releases: all, or the first. */
export const alternatives = <T>(all: readonly T[]): readonly T[] => (THOROUGH ? all : all.slice(0, 1));

/** Of many that are alike, as the calls that a run makes: each has its turn, or every third. */
export const EVERY = THOROUGH ? 1 : 3;

/** How many random inputs a property is tried with. */
export const inputs = (most: number): { numRuns: number } => ({
  numRuns: THOROUGH ? most : Math.ceil(most / 5),
});
