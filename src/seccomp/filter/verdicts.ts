/** A policy's verdict on each number, for the proof. */
import { ABIS, abisOf, kernelNumber, X32_BIT } from '../syscalls/abi.js';
import type { Action } from '../syscalls/action.js';
import { type SyscallPolicy, type Verdict, verdictAt } from '../syscalls/policy.js';
import type { Leaf } from './prove-numbers.js';

/**
 * The action of a verdict that has one and the same for all arguments, as far as its rules show at a glance; else
 * undefined.
 */
export function constantAction({ rules, otherwise }: Verdict): Action | undefined {
  if (rules.length === 0) return otherwise;
  const certain = rules.findIndex((rule) => rule.when.length === 0);
  const reached = certain < 0 ? [...rules, { action: otherwise }] : rules.slice(0, certain + 1);
  const [first] = reached;
  return reached.every(({ action }) => action === first!.action) ? first!.action : undefined;
}

/** A verdict as text; equal verdicts have equal texts. */
export const verdictText = (verdict: Verdict): string =>
  JSON.stringify(verdict, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));

/** Calls on which a policy has one verdict, and for which a program has one way. */
export interface VerdictRange {
  readonly arch: number;
  /** The first number of the range. */
  readonly nr: number;
  readonly verdict: Verdict;
}

/** Cuts a leaf's calls where the policy's verdict may change. All conventions that the machine lacks count as one. */
export function createRanges(policy: SyscallPolicy): (leaf: Leaf) => VerdictRange[] {
  const arches = new Set(abisOf(policy.machine).map((abi) => ABIS[abi].arch));
  const known = new Map([...arches].map((arch) => [arch, turningPoints(policy, arch)]));

  return ({ arch: [firstArch, lastArch], nr: [first, last] }) => {
    const ranges: VerdictRange[] = [];
    for (const [arch, points] of known) {
      if (arch < firstArch || arch > lastArch) continue;
      for (const nr of [first, ...between(points, first, last)]) {
        ranges.push({ arch, nr, verdict: verdictAt(policy, arch, nr) });
      }
    }
    let foreign = firstArch;
    while (known.has(foreign)) foreign += 1;
    if (foreign <= lastArch)
      ranges.push({ arch: foreign, nr: first, verdict: verdictAt(policy, foreign, first) });
    return ranges;
  };
}

/** The points after `first`, up to and with `last`. */
function between(points: readonly number[], first: number, last: number): readonly number[] {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]! <= first) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < points.length && points[end]! <= last) end += 1;
  return points.slice(low, end);
}

/**
 * The numbers of one AUDIT_ARCH value at which the verdict may change, ascending. From each point to the next the
 * verdict is the same. A listed number is a range of its own; an x32 number counts with and without its bit.
 */
export function turningPoints(policy: SyscallPolicy, arch: number): readonly number[] {
  const points = new Set([0, 512, 548, X32_BIT, 0x80000000, 0xc0000000, 0xffffffff]);
  for (const abi of abisOf(policy.machine)) {
    if (ABIS[abi].arch !== arch) continue;
    for (const nr of policy.abis.get(abi)?.verdicts.keys() ?? []) {
      for (const seen of [nr, kernelNumber(abi, nr)]) points.add(seen).add(Math.min(seen + 1, 0xffffffff));
    }
  }
  return [...Uint32Array.from(points).sort()];
}
