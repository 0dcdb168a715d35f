/** Programs of others, each cut into ranges of calls that it doesn't tell apart. */
import { groupBy } from '../../collections.js';
import type { Action } from '../../syscalls/action.js';
import type { Instruction } from '../bpf.js';
import type { Spend } from '../budget.js';
import { NO_ARGUMENTS, simulate } from '../simulate.js';
import { rangeIndex, type TurningPoints, turningPointsOf } from '../turning-points.js';
import { Unprovable } from '../unprovable.js';
import { createNumbering } from './numbering.js';

export interface Program {
  /** A number that is equal for equal programs. */
  readonly number: number;
  readonly instructions: readonly Instruction[];
  readonly points: TurningPoints;
  /**
   * The action where convention and number decide it; undefined where the program loads arguments.
   * @throws ProgramError
   */
  readonly answer: (arch: number, nr: number) => Action | undefined;
  /** A number that is equal for calls in one range, and only for these. */
  readonly rangeOf: (arch: number, nr: number) => number;
}

type Instructions = readonly Instruction[];

/** @throws Unprovable for a program that computes with the number or the convention */
function createProgram(number: number, instructions: Instructions, spend: Spend): Program {
  const points = turningPointsOf(instructions);
  const answers = new Map<number, Action | undefined>();
  const rangeOf = (arch: number, nr: number) =>
    rangeIndex(points.arch, arch) * points.nr.length + rangeIndex(points.nr, nr);
  const answer = (arch: number, nr: number) => {
    const range = rangeOf(arch, nr);
    if (!answers.has(range)) {
      const outcome = simulate(instructions, { arch, nr, args: NO_ARGUMENTS });
      spend(outcome.instructions);
      answers.set(range, outcome.loadedArguments ? undefined : outcome.action);
    }
    return answers.get(range);
  };
  return { number, instructions, points, answer, rangeOf };
}

/** The programs of several stacks; findings about a program are shared. */
export interface Programs {
  readonly numberOf: (instructions: Instructions) => number;
  /**
   * The program in ranges; undefined if it computes with the number or the convention.
   * @throws OverBudget
   */
  readonly programOf: (instructions: Instructions) => Program | undefined;
  /** The different programs of a stack, in the order of their first places. */
  readonly distinct: (stack: readonly Instructions[]) => readonly Instructions[];
  /**
   * Numbers for none of a list's programs, for the first, for the first two and so on; equal beginnings have equal
   * numbers.
   */
  readonly beginnings: (stack: readonly Instructions[]) => readonly number[];
}

export function createPrograms(spend: Spend): Programs {
  const [number, numberBeginning] = [createNumbering(), createNumbering()];
  const numbers = new WeakMap<Instructions, number>();
  const programs = new Map<number, Program | undefined>();
  const numberOf = (instructions: Instructions) => {
    const found = numbers.get(instructions) ?? number(JSON.stringify(instructions));
    numbers.set(instructions, found);
    return found;
  };
  const programOf = (instructions: Instructions) => {
    const key = numberOf(instructions);
    if (!programs.has(key)) {
      spend(instructions.length);
      programs.set(
        key,
        unlessUnprovable(() => createProgram(key, instructions, spend)),
      );
    }
    return programs.get(key);
  };
  const distinct = (stack: readonly Instructions[]) =>
    [...groupBy(stack, numberOf).values()].map(([one]) => one!);
  const beginnings = (stack: readonly Instructions[]) => {
    const found = [numberBeginning('')];
    for (const one of stack) found.push(numberBeginning(`${found.at(-1)} ${numberOf(one)}`));
    return found;
  };
  return { numberOf, programOf, distinct, beginnings };
}

function unlessUnprovable<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof Unprovable)) throw thrown;
    return undefined;
  }
}
