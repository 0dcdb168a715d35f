/** Known calls, by which filters that others have made are held against a policy. */
import { remember } from '../../collections.js';
import { ABIS, abisOf, kernelNumber } from '../syscalls/abi.js';
import { type Action, ALLOW, ENOSYS, KILL, KILL_THREAD, permits, stricter } from '../syscalls/action.js';
import { numbersOf } from '../syscalls/numbers.js';
import { decide, type SeccompData, type SyscallPolicy, verdictAt } from '../syscalls/policy.js';
import type { Instruction } from './bpf.js';
import { UNLISTED } from './own-answers.js';
import { registersToTry } from './samples.js';
import { NO_ARGUMENTS, ProgramError, type Stack, simulate } from './simulate.js';
import { constantAction } from './verdicts.js';

/** A call with the policy's answer. */
export interface SampleCall extends SeccompData {
  readonly expected: Action;
  /** Whether the policy decides by the number alone. */
  readonly isByNumber: boolean;
}

/** A call with the answer of filters beside the policy's; by its number alone, if both are. */
export interface AnsweredSample extends SampleCall {
  readonly got: Action;
}

/** Combinations of arguments for a call whose arguments decide. */
const SOME = 64;

/**
 * Every known call of every ABI of the policy's machine, a number of each that no table has, and arguments on both
 * sides of each condition.
 */
export const callsOf = (policy: SyscallPolicy): SampleCall[] =>
  abisOf(policy.machine).flatMap((abi) =>
    [...numbersOf(abi).values(), UNLISTED].flatMap((number): SampleCall[] => {
      const [arch, nr] = [ABIS[abi].arch, kernelNumber(abi, number)];
      const verdict = verdictAt(policy, arch, nr);
      const expected = constantAction(verdict);
      if (expected !== undefined) return [{ arch, nr, args: NO_ARGUMENTS, expected, isByNumber: true }];
      return registersToTry(verdict, SOME).map((args) => ({
        ...{ arch, nr, args },
        ...{ expected: decide(verdict, args), isByNumber: false },
      }));
    }),
  );

/**
 * A program's answer to a call; undefined where it looks at arguments that make no difference to the policy, so that
 * other arguments may get another answer, or at what a Call doesn't tell.
 */
export function answerTo(program: readonly Instruction[], call: SampleCall): Action | undefined {
  try {
    const { action, loadedArguments } = simulate(program, call);
    return call.isByNumber && loadedArguments ? undefined : action;
  } catch (thrown) {
    if (!(thrown instanceof ProgramError)) throw thrown;
    return undefined;
  }
}

/**
 * Whether the second answer refuses less than the first. ENOSYS refuses, too, in place of any errno or of the end, and
 * so does the end of the thread alone in place of the process's.
 */
export function isMorePermissive(expected: Action, got: Action): boolean {
  if (expected === KILL && got === KILL_THREAD) return false;
  if (!permits(expected) && got === ENOSYS) return false;
  return stricter(got, expected) !== got;
}

/**
 * Makes a function that finds the calls that programs together answer more permissively than a policy, each with one example of
 * arguments. The kernel takes the strictest answer: a program can take calls out of the finding, and put none in.
 */
export function createPermittedCalls(policy: SyscallPolicy): (stack: Stack) => AnsweredSample[] {
  const refused = callsOf(policy).filter(({ expected }) => isMorePermissive(expected, ALLOW));
  const answers = remember(
    (program: Stack[number]) => new Map(refused.map((call) => [call, answerTo(program, call)])),
  );
  return (stack) => {
    let open: readonly SampleCall[] = refused;
    // The oldest come first: with systemd's and ours nothing is left for those that a service adds.
    for (const program of stack.toReversed()) {
      if (open.length === 0) break;
      const its = answers(program);
      open = open.filter((call) => isMorePermissive(call.expected, its.get(call) ?? ALLOW));
    }
    return firstOfEach(open).map((call) =>
      answered(
        call,
        stack.map((program) => answers(program).get(call)),
      ),
    );
  };
}

/** A call with the answer of programs together, as far as it is known: the newest of the strictest. */
const answered = (call: SampleCall, answers: readonly (Action | undefined)[]): AnsweredSample => ({
  ...call,
  isByNumber: call.isByNumber && !answers.includes(undefined),
  got: answers.reduce<Action>((got, answer = ALLOW) => stricter(got, answer), ALLOW),
});

/** The first of the calls of each number. */
export const firstOfEach = <T extends SeccompData>(calls: readonly T[]): T[] =>
  [...new Map(calls.toReversed().map((call) => [`${call.arch} ${call.nr}`, call])).values()].toReversed();
