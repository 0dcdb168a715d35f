import { permits } from '../syscalls/action.js';
import type { Instruction } from './bpf.js';
import { returnsFrom } from './own-answers.js';
import { leavesOf, type Span } from './prove-numbers.js';

/**
 * Whether a call of a convention, an AUDIT_ARCH_* value, with a number in a range passes for some arguments. Numbers
 * are as a filter sees them.
 */
export type Passing = (arch: number, numbers: Span) => boolean;

/**
 * Tells what a program lets through, without its policy.
 * @throws Unprovable for a program that our compiler didn't make
 */
export function passingOf(program: readonly Instruction[]): Passing {
  const open = leavesOf(program).filter(({ end }) =>
    ('action' in end ? [end.action] : returnsFrom(program, end.argumentsAt)).some(permits),
  );
  return (arch, [first, last]) =>
    open.some(
      (leaf) => leaf.arch[0] <= arch && arch <= leaf.arch[1] && leaf.nr[0] <= last && first <= leaf.nr[1],
    );
}
