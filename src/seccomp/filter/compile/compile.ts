/** Compiles a policy to a seccomp program. */

import { KILL } from '../../syscalls/action.js';
import type { SyscallPolicy, Verdict } from '../../syscalls/policy.js';
import { BPF_JEQ, BPF_MAXINSNS, type Instruction } from '../bpf.js';
import { decideVerdict } from './conditions.js';
import { createGraph, type Decision, WORD_MAX } from './decision.js';
import { layOut } from './layout.js';
import { rangesByArch } from './numbers.js';
import { search } from './search.js';

/** Offsets in struct seccomp_data (linux/seccomp.h). */
const NR = 0;
const ARCH = 4;

/**
 * Compiles one program for all calling conventions of the policy's machine: it looks at the convention first, then
 * searches the number, then applies the rules on arguments. A call that its number decides is answered from `nr` and
 * `arch` alone, so that the kernel keeps allowed calls in its cache (kernel/seccomp.c, seccomp_is_const_allow). Equal
 * policies give equal programs.
 * @param options.limit most instructions, for a caller that puts some of its own in front
 * @throws UserError `filter-too-long`
 */
export function compile(
  policy: SyscallPolicy,
  { limit = BPF_MAXINSNS }: { limit?: number } = {},
): Instruction[] {
  const graph = createGraph();
  const decisions = new Map<Verdict, Decision>();
  const decide = (verdict: Verdict): Decision => {
    const decision = decisions.get(verdict) ?? decideVerdict(graph, verdict);
    decisions.set(verdict, decision);
    return decision;
  };
  let root: Decision = graph.give(KILL);
  for (const [arch, ranges] of [...rangesByArch(policy)].reverse()) {
    const byNumber = ranges.map(({ first, last, verdict }) => ({ first, last, decision: decide(verdict) }));
    const found = search(graph, { word: NR, mask: WORD_MAX }, byNumber, graph.give(KILL));
    root = graph.test({ word: ARCH, mask: WORD_MAX, op: BPF_JEQ, k: arch }, found, root);
  }
  return layOut(root, limit);
}
