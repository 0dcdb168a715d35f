/** Single calls of a number, where not all can be compared. */
import { type Action, ALLOW, stricter } from '../../syscalls/action.js';
import { type Call, decide, type Verdict } from '../../syscalls/policy.js';
import type { Spend } from '../budget.js';
import { NO_ARGUMENTS, simulate } from '../simulate.js';
import type { Stack } from '../stack.js';
import { type Relation, relationOf } from './relation.js';

/** A difference between a call's answer and the policy. */
export interface Found {
  readonly relation: Relation;
  readonly expected: Action;
  readonly got: Action;
  readonly args?: readonly bigint[];
}

/** The programs, the convention and number of a call, and the policy's verdict on it. */
export interface Tried {
  readonly stack: Stack;
  readonly arch: number;
  readonly nr: number;
  readonly verdict: Verdict;
}

/**
 * The first difference of each relation among calls with these registers.
 * @throws ProgramError, OverBudget
 */
export function trySome(
  { stack, arch, nr, verdict }: Tried,
  registers: Iterable<readonly bigint[]>,
  spend: Spend,
): Found[] {
  const found = new Map<Relation, Found>();
  for (const args of registers) {
    const expected = decide(verdict, args);
    const got = counted(stack, { arch, nr, args }, spend);
    const relation = relationOf(expected, got);
    if (relation !== undefined && !found.has(relation))
      found.set(relation, { relation, expected, got, args });
  }
  return [...found.values()];
}

/** The answer of stackAction(), with its work counted. */
function counted(stack: Stack, call: Call, spend: Spend): Action {
  return stack.reduce((strictest, program) => {
    const { action, instructions } = simulate(program, call);
    spend(instructions);
    return stricter(strictest, action);
  }, ALLOW);
}

/** Registers with one value each that programs compare with, or the value next to it; the other registers are 0. */
export function* registersAround(stack: Stack): Iterable<readonly bigint[]> {
  const constants = new Set(
    stack.flatMap((program) =>
      program.filter(({ code }) => (code & 7) === 5 && code !== 5).map(({ k }) => k),
    ),
  );
  for (const [arg] of NO_ARGUMENTS.entries()) {
    for (const k of constants) {
      for (const value of [k - 1, k, k + 1]) yield NO_ARGUMENTS.with(arg, BigInt.asUintN(64, BigInt(value)));
    }
  }
}
