/**
 * A filter as a graph of decisions, before it becomes instructions. Equal parts exist once: two decisions are equal if
 * and only if they are the same object. A test with two equal outcomes vanishes.
 */
import type { Action } from '../../syscalls/action.js';
import { BPF_JEQ, BPF_JGE, BPF_JSET } from '../bpf.js';

/** Every bit of a word. */
export const WORD_MAX = 0xffffffff;

/** A question about one 32-bit word of struct seccomp_data (linux/seccomp.h). */
export interface WordComparison {
  /** Offset of the word in bytes. */
  readonly word: number;
  /** The bits of the word that are compared. */
  readonly mask: number;
  /** The comparison: equal, greater or equal (unsigned), or any of these bits. */
  readonly op: typeof BPF_JEQ | typeof BPF_JGE | typeof BPF_JSET;
  readonly k: number;
}

export interface Return {
  readonly kind: 'return';
  readonly id: number;
  readonly action: Action;
}

export interface TestNode extends WordComparison {
  readonly kind: 'test';
  readonly id: number;
  readonly yes: Decision;
  readonly no: Decision;
}

export type Decision = Return | TestNode;

export interface DecisionGraph {
  /** The decision that returns this action. */
  readonly give: (action: Action) => Return;
  /** The decision that makes a comparison; simpler where the answer is known or doesn't matter. */
  readonly test: (comparison: WordComparison, yes: Decision, no: Decision) => Decision;
}

export function createGraph(): DecisionGraph {
  const known = new Map<string, Decision>();

  function share<T extends Decision>(key: string, make: (id: number) => T): T {
    let found = known.get(key) as T | undefined;
    if (found === undefined) {
      found = make(known.size);
      known.set(key, found);
    }
    return found;
  }

  const give = (action: Action) =>
    share(`return ${action}`, (id) => ({ kind: 'return', id, action }) as const);

  function test(comparison: WordComparison, yes: Decision, no: Decision): Decision {
    const answer = constant(comparison);
    if (answer !== undefined) return answer ? yes : no;
    const onYes = skipKnown(comparison, true, yes);
    const onNo = skipKnown(comparison, false, no);
    if (onYes === onNo) return onYes;
    const { word, mask, op, k } = comparison;
    const key = `${word} ${mask} ${op} ${k} ${onYes.id} ${onNo.id}`;
    return share(key, (id) => ({ kind: 'test', id, word, mask, op, k, yes: onYes, no: onNo }));
  }

  return { give, test };
}

/** The answer of a comparison that is the same for every word; else undefined. */
function constant({ mask, op, k }: WordComparison): boolean | undefined {
  if (op === BPF_JGE && k === 0) return true;
  if (op === BPF_JSET && (k & mask) === 0) return false;
  return undefined;
}

/** Most tests that an answer may skip; the bound keeps building linear on long chains. */
const SKIPS = 32;

/** The decision after an answer, past the tests that the answer settles. */
function skipKnown(asked: WordComparison, answer: boolean, next: Decision): Decision {
  let decision = next;
  for (let skips = 0; skips < SKIPS && decision.kind === 'test'; skips++) {
    const known = implied(asked, answer, decision);
    if (known === undefined) break;
    decision = known ? decision.yes : decision.no;
  }
  return decision;
}

/** The answer to the next comparison that an answer implies; undefined if it implies none. */
function implied(asked: WordComparison, answer: boolean, next: WordComparison): boolean | undefined {
  if (asked.word !== next.word || asked.mask !== next.mask) return undefined;
  if (asked.op === next.op && asked.k === next.k) return answer;
  const range = rangeAfter(asked, answer);
  if (range === undefined) return undefined;
  const [low, high] = range;
  switch (next.op) {
    case BPF_JEQ:
      if (next.k < low || next.k > high) return false;
      return low === high ? true : undefined;
    case BPF_JGE:
      if (low >= next.k) return true;
      return high < next.k ? false : undefined;
    case BPF_JSET:
      return low === high ? (low & next.k) !== 0 : undefined;
  }
}

/** The range of the masked word after an answer, both ends included; undefined if it isn't known. */
function rangeAfter({ op, k }: WordComparison, answer: boolean): [number, number] | undefined {
  if (op === BPF_JEQ && answer) return [k, k];
  if (op === BPF_JGE) return answer ? [k, WORD_MAX] : [0, k - 1];
  return undefined;
}
