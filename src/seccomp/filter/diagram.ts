/**
 * Reduced ordered decision diagrams over the bits of the six argument registers. A diagram is a function of the
 * registers; equal functions have the same diagram (R. E. Bryant, "Graph-Based Algorithms for Boolean Function
 * Manipulation", 1986). The leaves of a query are YES and NO, those of a decision are actions.
 */

/** A function, as the index into the table of its `Diagrams`. */
export type Diagram = number;

/** The variables of one number's bits, the lowest bit first. A diagram asks for the highest bit first. */
export type Bits = readonly number[];

export interface Diagrams {
  /** The constant function of a number. */
  readonly leaf: (value: number) => Diagram;
  /** The query whether the masked bits equal a value. */
  readonly equal: (bits: Bits, mask: bigint, value: bigint) => Diagram;
  /** The query whether the masked bits, read as a number, are at least a value. */
  readonly atLeast: (bits: Bits, mask: bigint, value: bigint) => Diagram;
  /** The query whether any of the masked bits is set. */
  readonly anyOf: (bits: Bits, mask: bigint) => Diagram;
  /** The function that is `yes` where the query holds, and `no` elsewhere. */
  readonly choose: (query: Diagram, yes: Diagram, no: Diagram) => Diagram;
  /** Registers for which two different functions differ. */
  readonly difference: (a: Diagram, b: Diagram) => bigint[];
}

/** Thrown where a function is too large to be represented, so that nothing is known about it. */
export class DiagramTooLarge extends Error {
  override readonly name = 'DiagramTooLarge';
}

export const NO: Diagram = 0;
export const YES: Diagram = 1;

const REGISTERS = 6;
const LEAF = 64 * REGISTERS;
/** Bounds on time and memory, such that three indices fit in one exact number. */
const MOST_NODES = 2 ** 17;
const MOST_CHOICES = 2 ** 19;

/**
 * The variables of a register's bits, or of its lower or upper half. Variables are numbered in the order in which
 * diagrams ask for them.
 * @param from the lowest bit, 0 to 63
 */
export function registerBits(arg: number, from: number, count: number): Bits {
  return Array.from({ length: count }, (_, bit) => arg * 64 + 63 - (from + bit));
}

/** Creates a table of functions. */
export function createDiagrams(): Diagrams {
  const variable: number[] = [LEAF, LEAF];
  const ifSet: Diagram[] = [NO, YES];
  const ifClear: Diagram[] = [NO, YES];
  const leaves = new Map<number, Diagram>();
  const nodes = new Map<number, Diagram>();
  const choices = new Map<number, Diagram>();

  function add(asked: number, set: Diagram, clear: Diagram): Diagram {
    if (variable.length >= MOST_NODES) throw new DiagramTooLarge();
    variable.push(asked);
    ifSet.push(set);
    ifClear.push(clear);
    return variable.length - 1;
  }

  function leaf(value: number): Diagram {
    const found = leaves.get(value) ?? add(LEAF, NO, NO);
    leaves.set(value, found);
    return found;
  }

  function node(asked: number, set: Diagram, clear: Diagram): Diagram {
    if (set === clear) return set;
    const key = (asked * MOST_NODES + set) * MOST_NODES + clear;
    let found = nodes.get(key);
    if (found === undefined) {
      found = add(asked, set, clear);
      nodes.set(key, found);
    }
    return found;
  }

  const bit = (value: bigint, at: number) => ((value >> BigInt(at)) & 1n) === 1n;

  function equal(bits: Bits, mask: bigint, value: bigint): Diagram {
    return bits.reduce((rest, asked, at) => {
      if (!bit(mask, at)) return bit(value, at) ? NO : rest;
      return bit(value, at) ? node(asked, rest, NO) : node(asked, NO, rest);
    }, YES);
  }

  function atLeast(bits: Bits, mask: bigint, value: bigint): Diagram {
    return bits.reduce((rest, asked, at) => {
      if (!bit(mask, at)) return bit(value, at) ? NO : rest;
      return bit(value, at) ? node(asked, rest, NO) : node(asked, YES, rest);
    }, YES);
  }

  const anyOf = (bits: Bits, mask: bigint): Diagram =>
    bits.reduce((rest, asked, at) => (bit(mask, at) ? node(asked, YES, rest) : rest), NO);

  function choose(query: Diagram, yes: Diagram, no: Diagram): Diagram {
    if (query === YES || yes === no) return yes;
    if (query === NO) return no;
    const key = (query * MOST_NODES + yes) * MOST_NODES + no;
    let found = choices.get(key);
    if (found === undefined) {
      if (choices.size >= MOST_CHOICES) throw new DiagramTooLarge();
      const asked = Math.min(variable[query]!, variable[yes]!, variable[no]!);
      const half = (branch: readonly Diagram[]) => {
        const [q, y, n] = [query, yes, no].map((one) => (variable[one] === asked ? branch[one]! : one));
        return choose(q!, y!, n!);
      };
      found = node(asked, half(ifSet), half(ifClear));
      choices.set(key, found);
    }
    return found;
  }

  function difference(a: Diagram, b: Diagram): bigint[] {
    const registers = new Array<bigint>(REGISTERS).fill(0n);
    let [left, right] = [a, b];
    for (;;) {
      const asked = Math.min(variable[left]!, variable[right]!);
      if (asked === LEAF) return registers;
      const follow = (branch: readonly Diagram[]) =>
        [left, right].map((one) => (variable[one] === asked ? branch[one]! : one)) as [Diagram, Diagram];
      const whenClear = follow(ifClear);
      const set = whenClear[0] === whenClear[1];
      [left, right] = set ? follow(ifSet) : whenClear;
      if (set) registers[Math.floor(asked / 64)]! |= 1n << BigInt(63 - (asked % 64));
    }
  }

  return { leaf, equal, atLeast, anyOf, choose, difference };
}
