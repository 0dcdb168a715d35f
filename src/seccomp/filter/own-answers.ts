import { ABIS, abisOf, type Machine } from '../syscalls/abi.js';
import { type Action, errnoOf, LOG, permits } from '../syscalls/action.js';
import { numbersOf } from '../syscalls/numbers.js';
import type { SeccompData } from '../syscalls/policy.js';
import type { Instruction } from './bpf.js';
import { type Leaf, leavesOf, skipsOf, type WordRange } from './prove-numbers.js';

/** The effect of a program of ours on calls of its machine's native ABI. */
export interface OwnAnswers {
  /** Whether it refuses a call for some arguments. */
  readonly refuses: boolean;
  /** Whether it lets a call that tables know fail for some arguments, with an errno. */
  readonly fails: boolean;
  /** The calls that it records for some arguments, sorted. */
  readonly recorded: readonly string[];
}

/** A number that no table has, and that every machine takes for one of its native ABI. */
export const UNLISTED = 0x3fffffff;

/**
 * Tells what a program refuses and records, without its policy.
 * @throws Unprovable for a program that our compiler didn't make
 */
export function ownAnswers(program: readonly Instruction[], machine: Machine): OwnAnswers {
  const native = abisOf(machine)[0]!;
  const { arch } = ABIS[native];
  const calls = [...numbersOf(native), [undefined, UNLISTED] as const];
  const recorded = new Set<string>();
  let [refuses, fails] = [false, false];
  for (const leaf of leavesOf(program)) {
    if (arch < leaf.arch[0] || arch > leaf.arch[1]) continue;
    const found = calls.filter(([, nr]) => nr >= leaf.nr[0] && nr <= leaf.nr[1]);
    if (found.length === 0) continue;
    const actions = actionsOf(program, leaf);
    refuses ||= !actions.every(permits);
    const isKnown = found.some(([call]) => call !== undefined);
    fails ||= isKnown && actions.some((action) => errnoOf(action) !== undefined);
    if (actions.includes(LOG)) for (const [call] of found) if (call !== undefined) recorded.add(call);
  }
  return { refuses, fails, recorded: [...recorded].sort() };
}

/**
 * Whether a program of ours refuses a call for some arguments.
 * @param call AUDIT_ARCH_* and the number, with bit 30 for x32
 * @throws Unprovable for a program that our compiler didn't make
 */
export const refusesCall = (
  program: readonly Instruction[],
  call: Pick<SeccompData, 'arch' | 'nr'>,
): boolean => !answersTo(program, call).every(permits);

/** The answers of a program of ours to a call, for all arguments. @throws Unprovable as refusesCall() does */
export const answersTo = (
  program: readonly Instruction[],
  { arch, nr }: Pick<SeccompData, 'arch' | 'nr'>,
): readonly Action[] =>
  leavesOf(program)
    .filter((leaf) => isIn(leaf.arch, arch) && isIn(leaf.nr, nr))
    .flatMap((leaf) => actionsOf(program, leaf));

const isIn = ([first, last]: WordRange, value: number): boolean => first <= value && value <= last;

/** The actions of a leaf, for all arguments. */
export const actionsOf = (program: readonly Instruction[], { end }: Leaf): readonly Action[] =>
  'action' in end ? [end.action] : returnsFrom(program, end.argumentsAt);

/** The actions of all returns that can be reached from an instruction; jumps go forward only. */
function returnsFrom(program: readonly Instruction[], from: number): number[] {
  const reached = new Set([from]);
  const actions: number[] = [];
  for (const at of reached) {
    const { code, k } = program[at]!;
    if (code === 0x06) actions.push(k);
    for (const skip of skipsOf(program[at]!)) reached.add(at + 1 + skip);
  }
  return actions;
}

/**
 * Whether a call of a convention, an AUDIT_ARCH_* value, with a number in a range passes for some arguments. Numbers
 * are as a filter sees them.
 */
export type Passing = (arch: number, numbers: WordRange) => boolean;

/**
 * Tells what a program lets through, without its policy.
 * @throws Unprovable for a program that our compiler didn't make
 */
export function passingOf(program: readonly Instruction[]): Passing {
  const open = leavesOf(program).filter((leaf) => actionsOf(program, leaf).some(permits));
  return (arch, [first, last]) =>
    open.some(
      ({ arch: [low, high], nr: [begin, end] }) =>
        low <= arch && arch <= high && begin <= last && first <= end,
    );
}
