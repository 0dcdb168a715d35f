/** Proves that a program answers as its policy says, without regard to how it was compiled. */

import type { Action } from '../syscalls/action.js';
import {
  decide,
  evaluate,
  type SeccompData,
  type SyscallPolicy,
  type Verdict,
  verdictAt,
} from '../syscalls/policy.js';
import type { Instruction } from './bpf.js';
import { DiagramTooLarge } from './diagram.js';
import { argumentDifference } from './prove-arguments.js';
import { type Leaf, leavesOf, Unprovable } from './prove-numbers.js';
import { archesToTry, numbersToTry, registersToTry } from './samples.js';
import { NO_ARGUMENTS, simulate } from './simulate.js';
import { validate } from './validate.js';
import { constantAction, createRanges, verdictText } from './verdicts.js';

/** A call that a program answers otherwise than the policy, or only after a needless load of its arguments. */
export interface Counterexample {
  readonly call: SeccompData;
  readonly expected: Action;
  readonly got: Action;
}

export interface Success {
  readonly ok: true;
  /** The number of verdicts that were too large for an exact comparison: only single calls were tried. */
  readonly sampled: number;
  /** The number of calls that were tried one by one. */
  readonly calls: number;
}

export interface ProofFailure {
  readonly ok: false;
  readonly reason: string;
  /** The call that fails; absent for a program that the kernel refuses, or that the compiler never writes. */
  readonly counterexample?: Counterexample;
}

export type FilterProof = Success | ProofFailure;

const ONES: readonly bigint[] = new Array<bigint>(6).fill((1n << 64n) - 1n);
/** Combinations of arguments to try where not all are tried: with and without an exact comparison. */
const SOME = 64;
const MANY = 4096;
const LOOKS = 'looks at the arguments of a call that its number decides';
const DIFFERS = 'answers a call in another way than the policy';

/**
 * Compares a program with a policy. All numbers of all conventions are compared range by range. Where a verdict depends
 * on arguments, all of them are compared at once, as functions of their bits. Then the simulator runs every known
 * number, and arguments around every operand, so that an error in one method shows in the other. A call that its number
 * decides must be answered without a load of its arguments, as the kernel's cache needs it.
 */
export function prove(program: readonly Instruction[], policy: SyscallPolicy): FilterProof {
  const problem = validate(program);
  if (problem !== undefined) return { ok: false, reason: problem };
  try {
    const compared = compareRanges(program, policy);
    if (!compared.ok) return compared;
    const calls = tryCalls(program, policy, compared.large);
    if (typeof calls !== 'number') return calls;
    return { ok: true, sampled: compared.large.size, calls };
  } catch (thrown) {
    if (thrown instanceof Unprovable) return { ok: false, reason: thrown.message };
    throw thrown;
  }
}

/**
 * Proves a program.
 * @returns the proof
 * @throws Error if there is none: a mistake in this program, never in the policy
 */
export function assertProven(program: readonly Instruction[], policy: SyscallPolicy): Success {
  const proof = prove(program, policy);
  if (proof.ok) return proof;
  throw new Error(`internal error: the filter for ${policy.machine} is not proven: ${explain(proof)}`);
}

function explain({ reason, counterexample }: ProofFailure): string {
  if (counterexample === undefined) return reason;
  const hex = (value: number | bigint) => `0x${value.toString(16)}`;
  const { call, expected, got } = counterexample;
  const place = `arch ${hex(call.arch)}, number ${hex(call.nr)}, arguments ${call.args.map(hex).join(' ')}`;
  return `it ${reason} (${place}: ${hex(expected)} expected, got ${hex(got)})`;
}

function fail(
  program: readonly Instruction[],
  policy: SyscallPolicy,
  call: SeccompData,
  reason: string,
): ProofFailure {
  const expected = evaluate(policy, call);
  return { ok: false, reason, counterexample: { call, expected, got: simulate(program, call).action } };
}

interface Ranges {
  readonly ok: true;
  /** The texts of verdicts that are too large to compare for all arguments at once. */
  readonly large: ReadonlySet<string>;
}

/** Compares each range of numbers that takes one way through the program with the policy's verdict on it. */
function compareRanges(program: readonly Instruction[], policy: SyscallPolicy): Ranges | ProofFailure {
  const comparison = createArgumentComparison(program);
  const rangesOf = createRanges(policy);
  for (const leaf of leavesOf(program)) {
    for (const { arch, nr, verdict } of rangesOf(leaf)) {
      const action = constantAction(verdict);
      if (action === undefined) {
        const args = comparison.difference(leaf.end, verdict);
        if (args !== undefined) return fail(program, policy, { arch, nr, args }, DIFFERS);
      } else if (!('action' in leaf.end) || leaf.end.action !== action) {
        const reason = 'action' in leaf.end ? DIFFERS : LOOKS;
        return fail(program, policy, { arch, nr, args: NO_ARGUMENTS }, reason);
      }
    }
  }
  return { ok: true, large: comparison.large };
}

/** Compares a verdict with a place in the program. Each pair is compared once, however many numbers have it. */
function createArgumentComparison(program: readonly Instruction[]) {
  const compared = new Set<string>();
  const large = new Set<string>();

  function difference(end: Leaf['end'], verdict: Verdict): bigint[] | undefined {
    const text = verdictText(verdict);
    const pair = `${JSON.stringify(end)} ${text}`;
    if (compared.has(pair)) return undefined;
    compared.add(pair);
    try {
      return argumentDifference(program, end, verdict);
    } catch (thrown) {
      if (!(thrown instanceof DiagramTooLarge)) throw thrown;
      large.add(text);
      return undefined;
    }
  }

  return { large, difference };
}

/**
 * Tries every known number, and arguments around every operand, one by one.
 * @returns how many calls were tried
 */
function tryCalls(
  program: readonly Instruction[],
  policy: SyscallPolicy,
  large: ReadonlySet<string>,
): number | ProofFailure {
  const tries = new Map<string, bigint[][]>();
  const registersFor = (verdict: Verdict) => {
    const text = verdictText(verdict);
    const found = tries.get(text) ?? registersToTry(verdict, large.has(text) ? MANY : SOME);
    tries.set(text, found);
    return found;
  };
  let calls = 0;
  for (const arch of archesToTry()) {
    for (const nr of numbersToTry(policy, arch)) {
      const verdict = verdictAt(policy, arch, nr);
      const decided = constantAction(verdict) !== undefined;
      for (const args of decided ? [ONES] : registersFor(verdict)) {
        calls += 1;
        const call = { arch, nr, args };
        const { action, loadedArguments } = simulate(program, call);
        if (action !== decide(verdict, args)) return fail(program, policy, call, DIFFERS);
        if (decided && loadedArguments) return fail(program, policy, call, LOOKS);
      }
    }
  }
  return calls;
}
