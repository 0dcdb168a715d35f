/**
 * How much work it may be to tell what filters do. A service can load filters that take minutes to work out, so that
 * the work is counted; it is never timed, so that the answer is the same on every machine. The unit is an instruction
 * that simulate() carries out, 10 to 20 nanoseconds.
 */

/** For all filters of a unit together: a second or so. */
export interface Limits {
  /** To tell whether they are looser than they are held to. */
  readonly settle: number;
  /** To tell in which calls they are stricter, which nothing depends on. */
  readonly details: number;
}

export const LIMITS: Limits = { settle: 2 ** 26, details: 2 ** 24 };

/** For the arguments of one call. */
export const MOST_OF_ARGUMENTS = 2 ** 23;

/** For one program of a stack: those that take more come after the others. */
export const AT_FIRST = 2 ** 19;

/** The part of the units left that one such program may take, or one search: those after it have their turn. */
export const SHARE = 1 / 4;

/** Steps that take longer than an instruction, in such units. */
export const COST = { range: 8, state: 256, node: 64, difference: 2 ** 10 } as const;

/** There is more to be done than there is room for. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget';
}

/** Work in pieces, between which something else may be done. */
export type Work<T> = Generator<undefined, T, undefined>;

/** Counts units of work. @throws OverBudget */
export type Spend = (units: number) => void;

/** Units that are left. */
export interface Purse {
  left: number;
}

export interface Meter {
  /** Takes units from every purse that is open. @throws OverBudget where one has no more */
  readonly spend: Spend;
  /** Does work for which a purse is open beside those that are open already. @throws OverBudget */
  readonly within: <T>(purse: Purse, work: Work<T>) => Work<T>;
  /** Units that were spent until now. */
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
