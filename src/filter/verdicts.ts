/** What a policy says about each number, as the proof sees it. */
import { ABIS, abiOf, abisOf, X32_BIT } from '../syscalls/abi.js';
import { type Action, errnoAction, KILL } from '../syscalls/action.js';
import type { SyscallPolicy, Verdict } from '../syscalls/policy.js';
import type { Leaf } from './prove-numbers.js';

const always = (otherwise: Action): Verdict => ({ rules: [], otherwise });
const REFUSED = always(KILL);
const NO_SYSTEM_CALL = always(errnoAction(38));

/** The verdict behind `evaluate`: what it decides by once it has seen the convention and the number. */
export function verdictAt(policy: SyscallPolicy, arch: number, nr: number): Verdict {
  const id = abiOf(policy.machine, arch, nr);
  const table = id && policy.abis.get(id.abi);
  if (!id || !table) return REFUSED;
  if (id.abi === 'x86-64' && id.nr >= 512 && id.nr <= 547) return NO_SYSTEM_CALL;
  return table.verdicts.get(id.nr) ?? always(table.unlisted);
}

/** The action of a verdict that has the same one for all arguments, as far as its rules show at a glance. */
export function settled({ rules, otherwise }: Verdict): Action | undefined {
  const last = rules.findIndex((rule) => rule.when.length === 0);
  const actions = rules.slice(0, last + 1 || rules.length).map((rule) => rule.action);
  if (last < 0) actions.push(otherwise);
  return actions.every((action) => action === actions[0]) ? actions[0] : undefined;
}

/** A verdict as text: equal verdicts have equal texts. */
export const textOf = (verdict: Verdict): string =>
  JSON.stringify(verdict, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));

/** Calls on which a policy has one verdict and a program one way to go. */
export interface Region {
  readonly arch: number;
  /** The first number of the region. */
  readonly nr: number;
  readonly verdict: Verdict;
}

/** Cuts a leaf's calls where the policy may change its mind. Conventions that the machine lacks count as one. */
export function createRegions(policy: SyscallPolicy): (leaf: Leaf) => Region[] {
  const known = new Map(
    abisOf(policy.machine).map((abi) => [ABIS[abi].arch, turningPoints(policy, ABIS[abi].arch)]),
  );

  return ({ arch: [firstArch, lastArch], nr: [first, last] }) => {
    const regions: Region[] = [];
    for (const [arch, points] of known) {
      if (arch < firstArch || arch > lastArch) continue;
      for (const nr of [first, ...between(points, first, last)]) {
        regions.push({ arch, nr, verdict: verdictAt(policy, arch, nr) });
      }
    }
    let foreign = firstArch;
    while (known.has(foreign)) foreign += 1;
    if (foreign <= lastArch) regions.push({ arch: foreign, nr: first, verdict: REFUSED });
    return regions;
  };
}

/** The points after `first` up to `last`. */
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
 * The numbers of one AUDIT_ARCH value at which the verdict may change, ascending: from each to the next it is the same.
 * A listed number may be seen with and without bit 30, and is one range by itself.
 */
function turningPoints(policy: SyscallPolicy, arch: number): number[] {
  const points = new Set([0, 512, 548, X32_BIT, 0x80000000, 0xc0000000, 0xffffffff]);
  for (const abi of abisOf(policy.machine)) {
    if (ABIS[abi].arch !== arch) continue;
    for (const nr of policy.abis.get(abi)?.verdicts.keys() ?? []) {
      for (const seen of [nr, (nr | X32_BIT) >>> 0]) points.add(seen).add(Math.min(seen + 1, 0xffffffff));
    }
  }
  return [...points].sort((a, b) => a - b);
}
