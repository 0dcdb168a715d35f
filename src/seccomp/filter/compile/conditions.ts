/** Turns a policy's rules on arguments into decisions on the halves of registers. */
import type { Condition, Verdict } from '../../syscalls/policy.js';
import { BPF_JEQ, BPF_JSET } from '../bpf.js';
import { type Decision, type DecisionGraph, WORD_MAX } from './decision.js';
import { search } from './search.js';

/**
 * The offset of a register's lower half: registers start at byte 16 of struct seccomp_data, and all machines here are
 * little-endian.
 */
const wordOf = (register: number) => 16 + 8 * register;
const lowWord = ({ arg }: Condition) => wordOf(arg);
const highWord = ({ arg, upper }: Condition) => (upper === undefined ? wordOf(arg) + 4 : wordOf(upper));

const lowHalf = (value: bigint) => Number(value & 0xffffffffn);
const highHalf = (value: bigint) => Number(value >> 32n);

/** Values that fulfil a condition, both ends included. */
type Interval = readonly [first: bigint, last: bigint];

/** The decision of a verdict: its rules in order, then the action of all other calls. */
export function decideVerdict(graph: DecisionGraph, verdict: Verdict): Decision {
  return verdict.rules.reduceRight<Decision>(
    (next, rule) =>
      rule.when.reduceRight<Decision>(
        (then, condition) => decideCondition(graph, condition, then, next),
        graph.give(rule.action),
      ),
    graph.give(verdict.otherwise),
  );
}

function decideCondition(graph: DecisionGraph, condition: Condition, yes: Decision, no: Decision): Decision {
  assertCondition(condition);
  const mask = condition.values[0]!;
  switch (condition.op) {
    case 'ne':
      return decideIntervals(graph, condition, merge(condition.values), no, yes);
    case 'bits-set':
      return decideAllBits(graph, condition, mask, yes, no);
    case 'bits-clear':
      return decideAnyBit(graph, condition, mask, no, yes);
    case 'bits-any':
      return decideAnyBit(graph, condition, mask, yes, no);
    default:
      return decideIntervals(graph, condition, intervals(condition), yes, no);
  }
}

/**
 * Refuses a condition out of its bounds, which is a mistake of this program: parsing refuses such policies.
 * @throws RangeError
 */
function assertCondition({ arg, upper, op, values, width }: Condition): void {
  const limit = 1n << BigInt(width);
  const registers = upper === undefined ? [arg] : [arg, upper];
  const held = registers.every((one) => Number.isInteger(one) && one >= 0 && one <= 5);
  const paired = upper === undefined || (width === 64 && upper !== arg);
  const fits = values.every((value) => value >= 0n && value < limit);
  const counted = op === 'in' ? values.length >= 1 : values.length === 1;
  if (held && paired && fits && counted) return;
  throw new RangeError(
    `condition out of bounds: arg ${registers.join(' ')}, ${op} ${values.join(' ')}, ${width} bits wide`,
  );
}

function intervals({ op, values, width }: Condition): Interval[] {
  const value = values[0]!;
  const top = (1n << BigInt(width)) - 1n;
  switch (op) {
    case 'lt':
      return value === 0n ? [] : [[0n, value - 1n]];
    case 'le':
      return [[0n, value]];
    case 'gt':
      return value === top ? [] : [[value + 1n, top]];
    case 'ge':
      return [[value, top]];
    default:
      return merge(values);
  }
}

/** Values as ascending intervals, with neighbours joined. */
function merge(values: readonly bigint[]): Interval[] {
  const merged: [bigint, bigint][] = [];
  for (const value of [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    const previous = merged.at(-1);
    if (previous && value <= previous[1] + 1n) previous[1] = value;
    else merged.push([value, value]);
  }
  return merged;
}

function decideIntervals(
  graph: DecisionGraph,
  condition: Condition,
  wanted: readonly Interval[],
  yes: Decision,
  no: Decision,
): Decision {
  const inLow = (list: readonly Interval[]) => {
    const ranges = list.map(([first, last]) => ({
      first: lowHalf(first),
      last: lowHalf(last),
      decision: yes,
    }));
    const mask = condition.width === 16 ? 0xffff : WORD_MAX;
    return search(graph, { word: lowWord(condition), mask }, ranges, no);
  };
  if (condition.width < 64) return inLow(wanted);
  const ranges = byHighHalf(wanted).map(({ first, last, low }) => ({ first, last, decision: inLow(low) }));
  return search(graph, { word: highWord(condition), mask: WORD_MAX }, ranges, no);
}

interface UpperHalfRange {
  readonly first: number;
  readonly last: number;
  /** The wanted values of the lower half where the upper half lies between `first` and `last`. */
  readonly low: Interval[];
}

/** Cuts 64-bit intervals where the upper half changes the wanted values of the lower half. */
function byHighHalf(wanted: readonly Interval[]): UpperHalfRange[] {
  const rows: UpperHalfRange[] = [];
  const add = (first: number, last: number, low: Interval) => {
    const previous = rows.at(-1);
    if (previous?.last === first) previous.low.push(low);
    else if (first <= last) rows.push({ first, last, low: [low] });
  };
  const top = BigInt(WORD_MAX);
  for (const [first, last] of wanted) {
    const from = highHalf(first);
    const to = highHalf(last);
    const low = BigInt(lowHalf(first));
    const high = BigInt(lowHalf(last));
    if (from === to) {
      add(from, from, [low, high]);
    } else {
      add(from, from, [low, top]);
      add(from + 1, to - 1, [0n, top]);
      add(to, to, [0n, high]);
    }
  }
  return rows;
}

function decideAnyBit(graph: DecisionGraph, condition: Condition, mask: bigint, yes: Decision, no: Decision) {
  const any = (word: number, k: number, otherwise: Decision) =>
    graph.test({ word, mask: WORD_MAX, op: BPF_JSET, k }, yes, otherwise);
  return any(highWord(condition), highHalf(mask), any(lowWord(condition), lowHalf(mask), no));
}

function decideAllBits(
  graph: DecisionGraph,
  condition: Condition,
  mask: bigint,
  yes: Decision,
  no: Decision,
) {
  const all = (word: number, bits: number, then: Decision) => {
    if (bits === 0) return then;
    const single = (bits & (bits - 1)) === 0;
    return single
      ? graph.test({ word, mask: WORD_MAX, op: BPF_JSET, k: bits }, then, no)
      : graph.test({ word, mask: bits, op: BPF_JEQ, k: bits }, then, no);
  };
  return all(highWord(condition), highHalf(mask), all(lowWord(condition), lowHalf(mask), yes));
}
