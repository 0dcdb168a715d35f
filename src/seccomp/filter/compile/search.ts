/** Finds the range that a word lies in by a balanced tree of comparisons. */
import { BPF_JEQ, BPF_JGE } from '../bpf.js';
import { type Decision, type DecisionGraph, WORD_MAX, type WordComparison } from './decision.js';

/** Values of a word, both ends included, and the decision for them. */
export interface Range {
  readonly first: number;
  readonly last: number;
  readonly decision: Decision;
}

type ComparedWord = Pick<WordComparison, 'word' | 'mask'>;

/** Most equality tests in a row at the leaves of the tree. */
const LONGEST_CHAIN = 3;

/**
 * The decision for some bits of a word by the range that their value is in.
 * @param looked the word's offset in struct seccomp_data, and its bits
 * @param ranges ascending, without overlap
 * @param otherwise the decision for values in none of them
 */
export function search(
  graph: DecisionGraph,
  looked: ComparedWord,
  ranges: readonly Range[],
  otherwise: Decision,
): Decision {
  const all = fill(ranges, otherwise);

  function between(from: number, to: number): Decision {
    const count = to - from;
    if (count === 1) return all[from]!.decision;
    const part = all.slice(from, to);
    const rest = background(part);
    const singles = part.filter((range) => range.decision !== rest);
    if (rest && singles.length <= Math.min(LONGEST_CHAIN, Math.ceil(Math.log2(count)))) {
      return chain(graph, looked, singles, rest);
    }
    const middle = from + (count >> 1);
    const comparison = { ...looked, op: BPF_JGE, k: all[middle]!.first } as const;
    return graph.test(comparison, between(middle, to), between(from, middle));
  }

  return between(0, all.length);
}

/** The ranges with their gaps filled; neighbours with one decision are joined. */
function fill(ranges: readonly Range[], otherwise: Decision): Range[] {
  const all: Range[] = [];
  const add = (first: number, last: number, decision: Decision) => {
    const previous = all.at(-1);
    if (first > last) return;
    if (previous?.decision === decision) all[all.length - 1] = { ...previous, last };
    else all.push({ first, last, decision });
  };
  let next = 0;
  for (const { first, last, decision } of ranges) {
    add(next, first - 1, otherwise);
    add(first, last, decision);
    next = last + 1;
  }
  add(next, WORD_MAX, otherwise);
  return all;
}

/**
 * The decision that all ranges of more than one value share; undefined if they have several. Without such ranges it is
 * the last range's.
 */
function background(part: readonly Range[]): Decision | undefined {
  const wide = part.filter((range) => range.first !== range.last);
  const rest = (wide[0] ?? part.at(-1)!).decision;
  return wide.every((range) => range.decision === rest) ? rest : undefined;
}

function chain(
  graph: DecisionGraph,
  looked: ComparedWord,
  singles: readonly Range[],
  rest: Decision,
): Decision {
  return singles.reduceRight<Decision>(
    (next, { first, decision }) => graph.test({ ...looked, op: BPF_JEQ, k: first }, decision, next),
    rest,
  );
}
