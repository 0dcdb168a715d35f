import { permits } from '../syscalls/action.js';
import type { Instruction } from './bpf.js';
import { actionsOf } from './own-answers.js';
import { type Leaf, leavesOf, type Span } from './prove-numbers.js';

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
  const open = leavesOf(program).filter((leaf) => actionsOf(program, leaf).some(permits));
  const byArch = new Map<number, readonly Span[]>();
  return (arch, [first, last]) => {
    const spans =
      byArch.get(arch) ?? joined(open.filter((leaf) => leaf.arch[0] <= arch && arch <= leaf.arch[1]));
    byArch.set(arch, spans);
    return spans.some(([begin, end]) => begin <= last && first <= end);
  };
}

/** The numbers of leaves, in order; those that follow each other are one span. */
function joined(leaves: readonly Leaf[]): Span[] {
  const spans: Span[] = [];
  for (const { nr } of [...leaves].sort((a, b) => a.nr[0] - b.nr[0])) {
    const last = spans.at(-1);
    if (last && nr[0] <= last[1] + 1) spans[spans.length - 1] = [last[0], Math.max(last[1], nr[1])];
    else spans.push(nr);
  }
  return spans;
}
