/**
 * Finds out by few programs whether all are looser than a policy. The kernel takes the strictest answer of all. If the
 * oldest programs alone aren't looser, no newer program changes that: the filters that a service adds to those it was
 * started with need no comparison.
 */
import { ALLOW, stricter } from '../../syscalls/action.js';
import type { SyscallPolicy } from '../../syscalls/policy.js';
import { AT_FIRST, COST, type Meter, OverBudget, type Purse, SHARE, type Work } from '../budget.js';
import { ProgramError } from '../simulate.js';
import { rangeIndex } from '../turning-points.js';
import { verdictAt } from '../verdicts.js';
import { archesOf, isNoCall, lastBefore, pointsOf } from './policy-ranges.js';
import type { Program } from './programs.js';
import { createQuestion, type Question } from './question.js';
import type { Region } from './region.js';

export interface Settled {
  /** The programs that were compared with the policy until nothing was looser. */
  readonly by: readonly Program[];
  /** The number of programs that were looked at, those left out included. */
  readonly looked: number;
  readonly open: readonly Region[];
  /** Whether a program was left out that may refuse the calls of `open`. */
  readonly isUnsure: boolean;
  /** The number of ranges whose arguments were only tried at samples, since the policy has too many. */
  readonly sampled: number;
  /** The number of compared ranges. */
  readonly ranges: number;
}

/** The policy that programs are compared with, and the budget for that. */
export interface Settling {
  readonly policy: SyscallPolicy;
  readonly meter: Meter;
  readonly purse: Readonly<Purse>;
}

/**
 * Creates a function that finds out whether programs are looser than a policy; findings are shared between its calls.
 */
export function createSettling({ policy, meter, purse }: Settling) {
  const question = createQuestion(meter.spend);
  const all = regionsOf(policy);
  const looserThanNone = all.flatMap((region) => question.ask(region) ?? []);

  /**
   * @param oldest the programs, the oldest first; undefined for one that can't be cut into ranges
   * @throws OverBudget
   */
  return function* settle(oldest: Iterable<Program | undefined>): Work<Settled> {
    const before = question.sampled();
    const by: Program[] = [];
    let open: readonly Region[] = looserThanNone;
    let [isUnsure, looked] = [false, 0];
    function* narrowed(program: Program, most: number): Work<boolean> {
      const work = meter.within({ left: most }, narrow(open, program, question, meter));
      const left = yield* unlessTooMuch(work);
      if (left) by.push(program);
      open = left ?? open;
      return left !== undefined;
    }
    const later: Program[] = [];
    for (const program of oldest) {
      if (open.length === 0) break;
      looked += 1;
      if (program === undefined) isUnsure = true;
      else if (!(yield* narrowed(program, AT_FIRST))) later.push(program);
    }
    for (const program of later) {
      if (open.length === 0) break;
      if (!(yield* narrowed(program, purse.left * SHARE))) isUnsure = true;
    }
    isUnsure ||= open.some((one) => one.isUnsure);
    return { by, looked, open, isUnsure, sampled: question.sampled() - before, ranges: all.length };
  };
}

/** The result of work; undefined where it is too much, or where a program asks for more than a Call has. */
export function* unlessTooMuch<T>(work: Work<T>): Work<T | undefined> {
  try {
    return yield* work;
  } catch (thrown) {
    if (!(thrown instanceof OverBudget || thrown instanceof ProgramError)) throw thrown;
    return undefined;
  }
}

const regionsOf = (policy: SyscallPolicy): Region[] =>
  archesOf(policy).flatMap((arch) => {
    const points = pointsOf(policy, arch);
    return points.flatMap((first, i) => {
      if (isNoCall(policy, arch, first)) return [];
      const verdict = verdictAt(policy, arch, first);
      const last = lastBefore(points, i);
      return [{ arch, first, last, verdict, got: ALLOW, asking: [], isUnsure: false }];
    });
  });

/**
 * The regions that are still looser with one more program.
 * @throws ProgramError, OverBudget
 */
function* narrow(
  open: readonly Region[],
  program: Program,
  question: Question,
  meter: Meter,
): Work<Region[]> {
  const left: Region[] = [];
  for (const region of open) {
    yield;
    for (const part of cut(region, program)) {
      meter.spend(COST.range);
      const next = question.ask(withAnswer(part, program), part);
      if (next) push(left, next);
    }
  }
  return left;
}

/** Cuts a region into parts in which a program tells no two numbers apart. */
function* cut(region: Region, { points: { nr } }: Program): Iterable<Region> {
  let { first } = region;
  for (let i = rangeIndex(nr, first); first <= region.last; i++) {
    const last = Math.min(region.last, lastBefore(nr, i));
    yield { ...region, first, last };
    first = last + 1;
  }
}

function withAnswer(part: Region, program: Program): Region {
  const answer = program.answer(part.arch, part.first);
  return answer === undefined
    ? { ...part, asking: [...part.asking, program] }
    : { ...part, got: stricter(answer, part.got) };
}

/** Adds a region; neighbours that are alike become one. */
function push(regions: Region[], next: Region): void {
  const before = regions.at(-1);
  const isAlike =
    before?.arch === next.arch &&
    before.last === next.first - 1 &&
    before.verdict === next.verdict &&
    before.got === next.got &&
    before.isUnsure === next.isUnsure &&
    before.asking.length + next.asking.length === 0;
  if (isAlike) regions[regions.length - 1] = { ...before, last: next.last };
  else regions.push(next);
}
