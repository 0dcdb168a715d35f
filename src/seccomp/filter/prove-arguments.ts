/** Compares a program's answers to a call with a verdict, for all arguments at once. */

import type { Condition, Verdict } from '../syscalls/policy.js';
import type { Instruction } from './bpf.js';
import {
  createDiagrams,
  type Diagram,
  type Diagrams,
  DiagramTooLarge,
  NO,
  registerBits,
  YES,
} from './diagram.js';
import { type Leaf, skipsOf, Unprovable } from './prove-numbers.js';

/**
 * Registers for which the program's answer, from a leaf on, differs from the verdict; undefined if there are none.
 * @throws Unprovable for instructions that the compiler never writes
 * @throws DiagramTooLarge where the rules are too many for this proof
 */
export function argumentDifference(
  program: readonly Instruction[],
  end: Leaf['end'],
  verdict: Verdict,
): bigint[] | undefined {
  const diagrams = createDiagrams();
  const said = verdictDiagram(diagrams, verdict);
  const done =
    'action' in end ? diagrams.leaf(end.action) : programDiagram(diagrams, program, end.argumentsAt);
  return said === done ? undefined : diagrams.difference(said, done);
}

/** The action of a verdict as a function of the registers. @throws DiagramTooLarge */
function verdictDiagram(diagrams: Diagrams, verdict: Verdict): Diagram {
  return verdict.rules.reduceRight(
    (next, rule) =>
      rule.when.reduceRight(
        (inner, condition) => diagrams.choose(conditionDiagram(diagrams, condition), inner, next),
        diagrams.leaf(rule.action),
      ),
    diagrams.leaf(verdict.otherwise),
  );
}

function conditionDiagram(diagrams: Diagrams, condition: Condition): Diagram {
  const { equal, atLeast, anyOf } = queriesOn(diagrams, condition);
  const every = (1n << BigInt(condition.width)) - 1n;
  const not = (query: Diagram) => diagrams.choose(query, NO, YES);
  const equals = (value: bigint) => equal(every, value);
  const operand = condition.values[0]!;
  switch (condition.op) {
    case 'eq':
      return equals(operand);
    case 'ne':
      return not(equals(operand));
    case 'lt':
      return not(atLeast(operand));
    case 'ge':
      return atLeast(operand);
    case 'le':
      return diagrams.choose(equals(operand), YES, not(atLeast(operand)));
    case 'gt':
      return diagrams.choose(equals(operand), NO, atLeast(operand));
    case 'in':
      return condition.values.reduce((any, value) => diagrams.choose(equals(value), YES, any), NO);
    case 'bits-set':
      return equal(operand, operand);
    case 'bits-clear':
      return not(anyOf(operand));
    case 'bits-any':
      return anyOf(operand);
  }
}

/** Queries on the value that a condition compares. */
interface Queries {
  readonly equal: (mask: bigint, value: bigint) => Diagram;
  readonly atLeast: (value: bigint) => Diagram;
  readonly anyOf: (mask: bigint) => Diagram;
}

function queriesOn(diagrams: Diagrams, { arg, upper, width }: Condition): Queries {
  if (upper !== undefined) return joined(diagrams, half(diagrams, upper), half(diagrams, arg));
  const bits = registerBits(arg, 0, width);
  return {
    equal: (mask, value) => diagrams.equal(bits, mask, value),
    atLeast: (value) => diagrams.atLeast(bits, (1n << BigInt(width)) - 1n, value),
    anyOf: (mask) => diagrams.anyOf(bits, mask),
  };
}

/** Queries on the lower half of a register. */
const half = (diagrams: Diagrams, register: number): Queries =>
  queriesOn(diagrams, { arg: register, op: 'eq', values: [], width: 32 });

/**
 * Queries on a value of 64 bits in two halves. A diagram asks for registers in their order, whichever holds the upper
 * half.
 */
function joined({ choose }: Diagrams, upper: Queries, lower: Queries): Queries {
  const low = (value: bigint) => BigInt.asUintN(32, value);
  const high = (value: bigint) => value >> 32n;
  return {
    equal: (mask, value) =>
      choose(upper.equal(high(mask), high(value)), lower.equal(low(mask), low(value)), NO),
    atLeast: (value) =>
      choose(upper.equal(MASK32, high(value)), lower.atLeast(low(value)), upper.atLeast(high(value))),
    anyOf: (mask) => choose(upper.anyOf(high(mask)), YES, lower.anyOf(low(mask))),
  };
}

const MASK32 = 0xffffffffn;

/** The content of the accumulator: a masked half of a register. */
interface Held {
  readonly offset: number;
  readonly mask: number;
}

/** A bound on time and memory: eight states for each instruction of the longest program. */
const MOST_STATES = 2 ** 15;

/** An instruction that is reached, with the content of the accumulator before it. */
interface ArgumentProofState {
  readonly at: number;
  readonly held: Held | undefined;
}

function keyOf({ at, held }: ArgumentProofState): string {
  return held === undefined ? `${at}` : `${at} ${held.offset} ${held.mask}`;
}

/**
 * The action that the program returns from an instruction on, as a function of the registers.
 * @throws Unprovable for arithmetic other than AND, for memory, for the index register and the instruction pointer
 * @throws DiagramTooLarge
 */
function programDiagram(diagrams: Diagrams, program: readonly Instruction[], entry: number): Diagram {
  const states = statesFrom(program, entry);
  const results = new Map<string, Diagram>();
  for (const state of states.reverse()) {
    const [yes, no] = successors(program, state).map((next) => results.get(keyOf(next))!);
    results.set(keyOf(state), resultOf(diagrams, program[state.at]!, state.held, yes, no));
  }
  return results.get(keyOf({ at: entry, held: undefined }))!;
}

/** Every state that can follow, in the order of the program: jumps go forward only. */
function statesFrom(program: readonly Instruction[], entry: number): ArgumentProofState[] {
  const states: ArgumentProofState[] = [];
  const arrivals = new Map<number, Map<string, ArgumentProofState>>();
  const arrive = (state: ArgumentProofState) => {
    const here = arrivals.get(state.at) ?? new Map<string, ArgumentProofState>();
    arrivals.set(state.at, here.set(keyOf(state), state));
  };
  arrive({ at: entry, held: undefined });
  for (let at = entry; at < program.length; at++) {
    for (const state of arrivals.get(at)?.values() ?? []) {
      if (states.length >= MOST_STATES) throw new DiagramTooLarge();
      states.push(state);
      for (const next of successors(program, state)) arrive(next);
    }
  }
  return states;
}

/** The states that follow a state. A comparison leads first to where it goes if it holds. */
function successors(program: readonly Instruction[], { at, held }: ArgumentProofState): ArgumentProofState[] {
  const after = heldAfter(program[at]!, at, held);
  return skipsOf(program[at]!).map((skip) => ({ at: at + 1 + skip, held: after }));
}

/** The content of the accumulator after an instruction. */
function heldAfter({ code, k }: Instruction, at: number, held: Held | undefined): Held | undefined {
  if (code === 0x20 && k >= 16) return { offset: k, mask: 0xffffffff };
  if (code === 0x05 || code === 0x06) return held;
  if (held && code === 0x54) return { ...held, mask: (held.mask & k) >>> 0 };
  if (held && [0x15, 0x25, 0x35, 0x45].includes(code)) return held;
  throw new Unprovable(at, 'no argument decides here');
}

function resultOf(
  diagrams: Diagrams,
  { code, k }: Instruction,
  held: Held | undefined,
  yes: Diagram | undefined,
  no: Diagram | undefined,
): Diagram {
  if (code === 0x06) return diagrams.leaf(k);
  if (no === undefined || !held) return yes!;
  return diagrams.choose(comparisonDiagram(diagrams, code, k, held), yes!, no);
}

function comparisonDiagram(diagrams: Diagrams, code: number, k: number, { offset, mask }: Held): Diagram {
  const bits = registerBits((offset - 16) >> 3, offset % 8 === 0 ? 0 : 32, 32);
  const [masked, value] = [BigInt(mask), BigInt(k)];
  switch (code) {
    case 0x15:
      return diagrams.equal(bits, masked, value);
    case 0x25:
      return k === 0xffffffff ? NO : diagrams.atLeast(bits, masked, value + 1n);
    case 0x35:
      return diagrams.atLeast(bits, masked, value);
    default:
      return diagrams.anyOf(bits, masked & value);
  }
}
