/** Rules for directives of which the last assignment holds. */

import { allWords, barePath, isOn, plain, sinceReset } from '../../unit/values.js';
import { parseLimits, parsePercent, parseSize } from '../format/numbers.js';
import type { Directive, Strictness } from '../table.js';
import type { Comparison, Rule } from './values.js';

/** Words that newer systemd has for what older ones call `yes`. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['self', 'yes'],
  ['connected', 'yes'],
]);

export function ranks(
  { before, after }: Comparison,
  strictness: Extract<Strictness, { rule: 'ranks' }>,
): string | undefined {
  const known = (text: string): string | undefined => {
    const word = plain(text.split(':')[0]!);
    const name = Object.hasOwn(strictness.ranks, word) ? word : SYNONYMS.get(word);
    return name !== undefined && Object.hasOwn(strictness.ranks, name) ? name : undefined;
  };
  // systemd ignores what it doesn't know.
  const own = before.map(known).findLast((name) => name !== undefined) ?? strictness.unset;
  const asked = known(after.at(-1) ?? '') ?? strictness.unset;
  const weaker = strictness.ranks[asked]!.some((rank, i) => rank < strictness.ranks[own]![i]!);
  return weaker ? `the unit has '${own}', which is stricter than '${asked}'` : undefined;
}

/** What the unit sets stays; without a value of its own anything goes. */
export const fixed: Rule = ({ row, before, after }) => {
  const text = (values: readonly string[]) => {
    const joined = sinceReset(values).join(' ');
    return row.kind.type === 'path' ? barePath(joined) : joined;
  };
  const own = text(before);
  const asked = text(after);
  // Without the dash in front an error is no longer ignored: that is stricter.
  if (own === '' || asked === own || `-${asked}` === own) return undefined;
  return asked === ''
    ? `it takes the unit's own '${own}' back`
    : `it takes the place of the unit's own '${own}'`;
};

/** Joining a namespace in place of one of the unit's own (`own`). */
export function namespacePath(comparison: Comparison, own: string): string | undefined {
  const asked = comparison.after.at(-1) ?? '';
  if (asked !== '' && isOn(comparison.unit, own)) return `it takes the place of the unit's own '${own}'`;
  return fixed(comparison);
}

export const isRoot = (name: string) => ['', 'root', '0'].includes(name);

/** Whether the unit's processes start as root. DynamicUser= makes none in the place of a User= that exists. */
export function runsAsRoot({ unit }: Pick<Comparison, 'unit'>): boolean {
  const user = unit.get('User')?.at(-1) ?? '';
  return user === '' ? !isOn(unit, 'DynamicUser') : isRoot(user);
}

/** User= and Group=: who isn't root stays who he is, since nobody can tell which of two users may do less. */
export const user: Rule = (comparison) => {
  const own = comparison.before.at(-1) ?? '';
  const asked = comparison.after.at(-1) ?? '';
  if (asked === own || (runsAsRoot(comparison) && isRoot(own))) return undefined;
  return asked === '' || isRoot(asked)
    ? `the unit doesn't run as root`
    : `the unit runs as another, and '${asked}' isn't known to have fewer rights`;
};

/** Supplementary groups give access; root has it anyway. */
export const groups: Rule = (comparison) => {
  if (runsAsRoot(comparison)) return undefined;
  const own = allWords(comparison.before);
  const added = allWords(comparison.after).filter((group) => !own.includes(group));
  return added.length === 0 ? undefined : `the unit isn't in ${list(added)}`;
};

export const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

const octal = (text: string, unset: number): number => {
  const number = /^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  return Number.isNaN(number) ? unset : number;
};

/** Bits of a umask take rights away. */
export const umask: Rule = ({ before, after }) => {
  const own = octal(before.at(-1) ?? '', 0o022);
  const asked = octal(after.at(-1) ?? '', 0o022);
  return (own & ~asked) === 0 ? undefined : `new files get rights that '${show(own)}' takes away`;
};

/** Bits of a mode give rights. */
export const mode: Rule = ({ before, after }) => {
  const own = octal(before.at(-1) ?? '', 0o755);
  const asked = octal(after.at(-1) ?? '', 0o755);
  return (asked & ~own) === 0 ? undefined : `it gives rights that '${show(own)}' doesn't`;
};

const show = (bits: number) => bits.toString(8).padStart(4, '0');

/** A limit as numbers that can be compared, `share` for one in percent; undefined if it can't be read. */
type Amount = { readonly share: boolean; readonly numbers: readonly (bigint | number)[] };

function amount(row: Directive, text: string): Amount | undefined {
  if (text === '' || text === 'infinity' || text === 'off') {
    return { share: false, numbers: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] };
  }
  if (row.kind.type === 'limit') {
    const numbers = parseLimits(text, row.kind.unit);
    return numbers && { share: false, numbers };
  }
  const share = text.endsWith('%');
  const number = share ? parsePercent(text, 1_000_000) : parseSize(text, 1024);
  return number === undefined ? undefined : { share, numbers: [number] };
}

/** A limit of the unit's own may be lowered, not raised. Without one anything goes. */
export const limit: Rule = ({ row, before, after }) => {
  const text = before.at(-1) ?? '';
  const own = amount(row, text);
  const asked = amount(row, after.at(-1) ?? '');
  if (own?.numbers[0] === Number.POSITIVE_INFINITY && own.numbers[1] === Number.POSITIVE_INFINITY)
    return undefined;
  const endless = asked?.numbers[0] === Number.POSITIVE_INFINITY;
  if (own === undefined || asked === undefined || (own.share !== asked.share && !endless)) {
    return `it can't be compared with the unit's own '${text}'`;
  }
  const raised = asked.numbers.some((number, i) => number > own.numbers[i]!);
  return raised || endless ? `the unit's own limit is '${text}'` : undefined;
};
