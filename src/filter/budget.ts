/**
 * A budget for comparisons of filters with a policy. A service can load filters that take minutes to compare. Work is
 * counted and never timed, so that the answer is the same on every machine. The unit is an instruction that simulate()
 * executes, 10 to 20 nanoseconds.
 */

/** The budget for all filters of a unit together, a second or so. */
export interface Limits {
  /** Units for finding out whether the filters are looser than the policy. */
  readonly settle: number;
  /** Units for finding the calls in which the filters are stricter, on which nothing depends. */
  readonly details: number;
}

export const LIMITS: Limits = { settle: 2 ** 26, details: 2 ** 24 };

/** Units for the arguments of one call. */
export const MOST_OF_ARGUMENTS = 2 ** 23;

/** Units for one program of a stack at first; a program that takes more comes after the others. */
export const AT_FIRST = 2 ** 19;

/**
 * The share of the remaining units for one program that takes more than AT_FIRST, or for one search: later ones get
 * theirs.
 */
export const SHARE = 1 / 4;

/** The cost of steps that take longer than an instruction, in units. */
export const COST = { range: 8, state: 256, node: 64, difference: 2 ** 10 } as const;

/** Thrown where the work would exceed its budget. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget';
}

/** Work in pieces; the caller may do something else at each yield. */
export type Work<T> = Generator<undefined, T, undefined>;

/**
 * Counts units of work.
 * @throws OverBudget
 */
export type Spend = (units: number) => void;

/** A budget with the units that remain. */
export interface Purse {
  left: number;
}

export interface Meter {
  /**
   * Takes units from every open purse.
   * @throws OverBudget where one has no more
   */
  readonly spend: Spend;
  /**
   * Does work while a further purse is open.
   * @throws OverBudget
   */
  readonly within: <T>(purse: Purse, work: Work<T>) => Work<T>;
  /** The units spent until now. */
  readonly spent: () => number;
}

export function createMeter(): Meter {
  const open: Purse[] = [];
  let spent = 0;
  return {
    spend(units) {
      spent += units;
      for (const purse of open) purse.left -= units;
      if (open.some(({ left }) => left < 0)) throw new OverBudget();
    },
    *within(purse, work) {
      open.push(purse);
      try {
        return yield* work;
      } finally {
        open.pop();
      }
    },
    spent: () => spent,
  };
}
