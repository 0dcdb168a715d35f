/**
 * Whether programs are looser than a policy, by as few of them as it takes. The kernel takes the strictest answer of all:
 * where the oldest are not looser by themselves, none that comes on top of them changes that. So what a service loads
 * itself, on top of what it was started with, needs no look for this.
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
  /** The programs that were held against the policy until nothing was looser. */
  readonly by: readonly Program[];
  /** How many programs that took, those among them that were left out. */
  readonly looked: number;
  readonly open: readonly Region[];
  /** Whether a program was left out which may refuse what is open. */
  readonly isUnsure: boolean;
  /** Ranges of numbers whose arguments were only tried at samples, since the policy has too many. */
  readonly sampled: number;
  /** Ranges of numbers that were looked at. */
  readonly ranges: number;
}

/** The policy that programs are held to, and the purse for that work. */
export interface Settling {
  readonly policy: SyscallPolicy;
  readonly meter: Meter;
  readonly purse: Readonly<Purse>;
}

/** Tells of lists of programs whether they are looser than a policy; what is learnt of one serves the others. */
export function createSettling({ policy, meter, purse }: Settling) {
  const question = createQuestion(meter.spend);
  const all = regionsOf(policy);
  const looserThanNone = all.flatMap((region) => question.ask(region) ?? []);

  /** @param oldest the oldest first; undefined for one that can't be cut into ranges. @throws OverBudget */
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

/** The result of work; undefined where it is too much, or where a program asks for more than a call has. */
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

/** Regions that are still looser with one program more. @throws ProgramError, OverBudget */
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

/** A region in parts that a program doesn't tell apart. */
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

/** Neighbours that are alike are one region. */
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
