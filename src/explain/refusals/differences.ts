import { groupBy } from '../../collections.js';
import type { Refusal } from '../../observe/refusals.js';

/** Tells refusals apart: those that differ in their counts and programs alone are one. */
export function refusalKey(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'call':
      return JSON.stringify(['call', refusal.call, refusal.abi, refusal.errno, refusal.byFilter]);
    case 'path':
      return JSON.stringify([
        'path',
        refusal.path,
        refusal.wish,
        refusal.errno,
        refusal.capability,
        refusal.isRoot,
      ]);
    case 'address':
      return JSON.stringify(['address', refusal.use, refusal.address, refusal.port, refusal.errno]);
    default:
      return JSON.stringify(['capability', refusal.capability]);
  }
}

/**
 * The refusals since an earlier look, with how often each came since then.
 * @param before the counts of the earlier look, by key
 */
export function newRefusals(now: readonly Refusal[], before: ReadonlyMap<string, number>): Refusal[] {
  return [...groupBy(now, refusalKey)].flatMap(([key, same]) => {
    const count = countOf(same) - (before.get(key) ?? 0);
    return count > 0 ? [{ ...same[0]!, programs: programsOf(same), count }] : [];
  });
}

/** How often refusals came, all together. */
export const countOf = (refusals: readonly { readonly count: number }[]): number =>
  refusals.reduce((sum, { count }) => sum + count, 0);

const programsOf = (refusals: readonly Refusal[]): string[] => [
  ...new Set(refusals.flatMap(({ programs }) => programs)),
];

/** The counts of a look, by key. */
export const countsOf = (refusals: readonly Refusal[]): Map<string, number> =>
  new Map([...groupBy(refusals, refusalKey)].map(([key, same]) => [key, countOf(same)]));
