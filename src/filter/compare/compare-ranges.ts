/** Compares the strictest answer of programs with a policy, for every call of every convention. */
import type { SyscallPolicy } from '../../syscalls/policy.js';
import { COST, type Spend, type Work } from '../budget.js';
import { numbersToTry } from '../samples.js';
import type { Stack } from '../stack.js';
import { ascending } from '../turning-points.js';
import { verdictAt } from '../verdicts.js';
import { createArgumentComparison, tryMany } from './compare-arguments.js';
import { archesOf, isNoCall, lastBefore, pointsOf } from './policy-ranges.js';
import type { Program } from './programs.js';
import type { Difference } from './relation.js';

export interface RangeComparison {
  readonly differences: readonly Difference[];
  /** The number of ranges in which arguments or numbers were only tried at samples. */
  readonly sampled: number;
  /** The number of compared ranges; together they are all numbers of the machine's conventions. */
  readonly ranges: number;
}

/**
 * Compares all numbers of the machine's conventions, and arguments as functions of their bits. Arguments that are too
 * much for that are tried at samples.
 * @param programs the newest first
 * @throws ProgramError, OverBudget
 */
export function* compareRanges(
  programs: readonly Program[],
  policy: SyscallPolicy,
  spend: Spend,
): Work<RangeComparison> {
  spend(programs.reduce<number>((sum, { points }) => sum + points.nr.length, COST.range));
  const compareArguments = createArgumentComparison(programs, spend);
  const differences: Difference[] = [];
  let sampled = 0;
  let ranges = 0;
  for (const arch of archesOf(policy)) {
    const points = ascending([...pointsOf(policy, arch), ...programs.flatMap(({ points }) => points.nr)]);
    for (const [i, first] of points.entries()) {
      yield;
      ranges += 1;
      if (isNoCall(policy, arch, first)) continue;
      const verdict = verdictAt(policy, arch, first);
      const { found, sampled: some } = compareArguments({ verdict, arch, nr: first });
      if (some) sampled += 1;
      for (const one of found) add(differences, { arch, first, last: lastBefore(points, i), ...one }, spend);
    }
  }
  return { differences, sampled, ranges };
}

/** Adds a difference; neighbouring numbers with equal answers become one range. */
function add(differences: Difference[], next: Difference, spend: Spend): void {
  const before = differences.at(-1);
  const isNext = before?.arch === next.arch && before.last === next.first - 1;
  const isAlike =
    isNext &&
    before.relation === next.relation &&
    before.expected === next.expected &&
    before.got === next.got;
  if (isAlike && before.args === undefined && next.args === undefined) {
    differences[differences.length - 1] = { ...before, last: next.last };
    return;
  }
  spend(COST.difference);
  differences.push(next);
}

/**
 * Compares programs that compute with numbers: every known number, and some arguments.
 * @throws ProgramError, OverBudget
 */
export function* compareSamples(stack: Stack, policy: SyscallPolicy, spend: Spend): Work<RangeComparison> {
  spend(COST.range);
  const differences: Difference[] = [];
  let sampled = 0;
  for (const arch of archesOf(policy)) {
    for (const nr of ascending(numbersToTry(policy, arch))) {
      yield;
      sampled += 1;
      if (isNoCall(policy, arch, nr)) continue;
      const found = tryMany({ stack, arch, nr, verdict: verdictAt(policy, arch, nr) }, spend);
      for (const one of found) add(differences, { arch, first: nr, last: nr, ...one }, spend);
    }
  }
  return { differences, sampled, ranges: sampled };
}
