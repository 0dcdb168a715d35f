/** Compares the filters of threads with a policy, for every call of every convention. */
import type { SyscallPolicy } from '../../syscalls/policy.js';
import { createMeter, LIMITS, type Limits, type Purse, SHARE, type Work } from '../budget.js';
import type { Stack } from '../stack.js';
import { compareRanges, compareSamples, type RangeComparison } from './compare-ranges.js';
import { createPrograms, type Program } from './programs.js';
import { differenceOf } from './question.js';
import type { Difference } from './relation.js';
import { createSettling, type Settled, unlessTooMuch } from './settle.js';
import { findLooser } from './witness.js';

export interface StackComparison extends RangeComparison {
  /** Whether looser calls are known, or it is known that there are none. */
  readonly isKnown: boolean;
  /** The number of programs that the differences leave out; these can only refuse more. */
  readonly uncompared: number;
}

/** Findings for one policy, about stacks and the oldest programs of stacks. */
interface Known {
  readonly settle: ReturnType<typeof createSettling>;
  readonly settled: Map<number, Settled>;
  readonly basic: Map<string, RangeComparison>;
  readonly compared: Map<number, StackComparison>;
}

/** Findings about one stack, and about all stacks of a policy. */
interface Found {
  readonly settled: Settled;
  readonly known: Known;
}

/** Compares stacks that share a budget, and may share programs. */
export class StackComparer {
  readonly #meter = createMeter();
  readonly #programs = createPrograms(this.#meter.spend);
  readonly #known = new Map<SyscallPolicy, Known>();
  readonly #settling: Purse;
  readonly #detailing: Purse;

  constructor({ settle, details }: Limits = LIMITS) {
    this.#settling = { left: settle };
    this.#detailing = { left: details };
  }

  /** The units of work spent until now. */
  get spent(): number {
    return this.#meter.spent();
  }

  /** A number that is equal for stacks of equal programs, and only for these. */
  numberOf(stack: Stack): number {
    return this.#programs.beginnings(stack.toReversed()).at(-1)!;
  }

  /**
   * Compares a stack with a policy: all numbers of the machine's conventions, and arguments as functions of their bits.
   * Programs and arguments that are too much for that are tried at samples, and counted as such, or left out.
   */
  *compare(stack: Stack, policy: SyscallPolicy): Work<StackComparison> {
    const known = this.#known.get(policy) ?? this.#knowNothing(policy);
    this.#known.set(policy, known);
    const number = this.numberOf(stack);
    const found = known.compared.get(number) ?? (yield* this.#compare(stack, policy, known));
    known.compared.set(number, found);
    return found;
  }

  #knowNothing(policy: SyscallPolicy): Known {
    const settle = createSettling({ policy, meter: this.#meter, purse: this.#settling });
    return { settle, settled: new Map(), basic: new Map(), compared: new Map() };
  }

  *#compare(stack: Stack, policy: SyscallPolicy, known: Known): Work<StackComparison> {
    const settled = yield* this.#settle(stack, known);
    if (!settled) return { differences: [], ranges: 0, sampled: 0, isKnown: false, uncompared: stack.length };
    const work =
      settled.isUnsure && settled.open.length > 0
        ? this.#search(stack, policy, settled)
        : this.#detail(stack, policy, { settled, known });
    return yield* work;
  }

  /** Settles a policy by the oldest programs of a stack; the result holds for every stack that begins with them. */
  *#settle(stack: Stack, { settle, settled }: Known): Work<Settled | undefined> {
    const { distinct, beginnings, programOf } = this.#programs;
    const oldest = distinct(stack.toReversed());
    const begun = beginnings(oldest);
    const before = begun.find((beginning) => settled.has(beginning));
    if (before !== undefined) return settled.get(before);
    const found = yield* this.#within(this.#settling, settle(mapLazily(oldest, programOf)));
    if (found?.open.length === 0) settled.set(begun[found.looked]!, found);
    return found;
  }

  /**
   * Searches for calls that get through, where the compared programs are looser and the others may refuse these calls.
   */
  *#search(stack: Stack, policy: SyscallPolicy, { by, open, ...settled }: Settled): Work<StackComparison> {
    const found: Difference[] = [];
    const { spend, within } = this.#meter;
    const work = findLooser(this.#programs.distinct(stack), { policy, open }, { found, spend });
    yield* this.#within(this.#settling, within({ left: this.#settling.left * SHARE }, work));
    const { ranges } = settled;
    const sampled = settled.sampled + open.length;
    const isKnown = found.length > 0;
    return { differences: found, ranges, sampled, isKnown, uncompared: this.#uncompared(stack, by) };
  }

  /** The differences of all programs, or of the programs that settle the policy. */
  *#detail(stack: Stack, policy: SyscallPolicy, { settled, known }: Found): Work<StackComparison> {
    const newest = this.#programs.distinct(stack);
    const all = yield* this.#within(this.#detailing, this.#compareAll(newest, policy));
    const some = all ?? (yield* this.#compareSome(newest, policy, { settled, known }));
    const { open, by, ranges, sampled } = settled;
    const { differences, ...found } = some ?? {
      differences: open.flatMap((region) => differenceOf(region) ?? []),
      ranges,
      sampled,
    };
    return {
      ...found,
      differences: open.length === 0 && sampled === 0 ? withoutLooser(differences) : differences,
      isKnown: some !== undefined || open.length === 0 || differences.length > 0,
      uncompared: all ? 0 : some ? this.#uncompared(stack, by) : stack.length,
    };
  }

  /**
   * Compares all programs of a stack.
   * @throws ProgramError, OverBudget
   */
  *#compareAll(stack: Stack, policy: SyscallPolicy): Work<RangeComparison> {
    const all = stack.map(this.#programs.programOf);
    return yield* all.every((one) => one !== undefined)
      ? compareRanges(all, policy, this.#meter.spend)
      : compareSamples(stack, policy, this.#meter.spend);
  }

  /** The differences of the programs that settle a policy, in the order in which they are loaded. */
  *#compareSome(
    stack: Stack,
    policy: SyscallPolicy,
    { settled: { by }, known: { basic } }: Found,
  ): Work<RangeComparison | undefined> {
    const byNumber = new Map(by.map((program) => [program.number, program]));
    const some = stack.flatMap((one) => byNumber.get(this.#programs.numberOf(one)) ?? []);
    const key = some.map(({ number }) => number).join();
    const work = compareRanges(some, policy, this.#meter.spend);
    const found = basic.get(key) ?? (yield* this.#within(this.#settling, work));
    if (found) basic.set(key, found);
    return found;
  }

  /** The result of work within a purse; undefined where it is too much. */
  #within<T>(purse: Purse, work: Work<T>): Work<T | undefined> {
    return unlessTooMuch(this.#meter.within(purse, work));
  }

  #uncompared(stack: Stack, by: readonly Program[]): number {
    const numbers = new Set(by.map(({ number }) => number));
    return stack.filter((program) => !numbers.has(this.#programs.numberOf(program))).length;
  }
}

function* mapLazily<T, U>(list: readonly T[], change: (one: T) => U): Iterable<U> {
  for (const one of list) yield change(one);
}

/**
 * Differences of a stack that isn't looser. Some of its programs may answer ENOSYS where a newer one answers another
 * errno: the call is refused all the same, so that `looser` becomes `otherwise`.
 */
const withoutLooser = (differences: readonly Difference[]): readonly Difference[] =>
  differences.some(({ relation }) => relation === 'looser')
    ? differences.map((one) => (one.relation === 'looser' ? { ...one, relation: 'otherwise' } : one))
    : differences;
