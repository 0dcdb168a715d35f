/** How restrictive values are, for directives of any kind. */

import { barePath, plain, sinceReset } from '../../unit/values.js';
import type { Strictness, WeakerRule } from '../directive.js';

export const takes = (weaker: WeakerRule): Strictness => ({ weaker, takes: true });
export const gives = (weaker: WeakerRule): Strictness => ({ weaker, takes: false });

export const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/** The unit's own value stays; without a value of its own anything goes. */
export const fixed: WeakerRule = ({ row, before, after }) => {
  const text = (values: readonly string[]) => {
    const joined = sinceReset(values).join(' ');
    return row.kind.type === 'path' ? barePath(joined) : joined;
  };
  const own = text(before);
  const asked = text(after);
  // Without the dash in front an error isn't ignored: that is more restrictive.
  if (own === '' || asked === own || `-${asked}` === own) return undefined;
  return asked === '' ? `it removes the unit's own '${own}'` : `it replaces the unit's own '${own}'`;
};

export const FIXED: Strictness = takes(fixed);

/** Each entry restricts more: only taking them back loosens. */
export const RESTRICTS: Strictness = takes(({ before, after }) =>
  after.includes('') && sinceReset(before).length > 0 ? "it removes the unit's own entries" : undefined,
);

/** Words that newer systemd has for what older ones call `yes`. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['self', 'yes'],
  ['connected', 'yes'],
]);

/** Words by rank, higher is more restrictive in every component; `unset` is what a unit without the directive has. */
export function ranked(ranks: Readonly<Record<string, readonly number[]>>, unset: string): Strictness {
  const known = (text: string): string | undefined => {
    const word = plain(text.split(':')[0]!);
    const name = Object.hasOwn(ranks, word) ? word : SYNONYMS.get(word);
    return name !== undefined && Object.hasOwn(ranks, name) ? name : undefined;
  };
  const weaker: WeakerRule = ({ before, after }) => {
    // systemd ignores what it doesn't know.
    const own = before.map(known).findLast((name) => name !== undefined) ?? unset;
    const asked = known(after.at(-1) ?? '') ?? unset;
    const isWeaker = ranks[asked]!.some((rank, i) => rank < ranks[own]![i]!);
    return isWeaker ? `the unit has '${own}', which is more restrictive than '${asked}'` : undefined;
  };
  return { ...takes(weaker), ranks, unset };
}

/** Ranks of words, weakest first; `unset` is what a unit without the directive has. */
export const weakestFirst = (words: readonly string[], unset: string): Strictness =>
  ranked(Object.fromEntries(words.map((word, rank) => [word, [rank]])), unset);

export const YES_RESTRICTS: Strictness = weakestFirst(['no', 'yes'], 'no');
export const NO_RESTRICTS: Strictness = weakestFirst(['yes', 'no'], 'no');
