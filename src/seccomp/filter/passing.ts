import { permits } from '../syscalls/action.js';
import type { Instruction } from './bpf.js';
import { actionsOf } from './own-answers.js';
import { leavesOf, type WordRange } from './prove-numbers.js';

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
