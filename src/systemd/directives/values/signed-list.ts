/** Lists that `~` turns around, with systemd's way of joining assignments (config_parse_* of load-fragment.c). */

import { wordsOf } from '../../unit/values.js';
import type {
  Directive,
  Get,
  Permitted,
  Strictness,
  ValueKind,
  ValueReading,
  WeakerRule,
  WriteDirective,
  YoungPart,
} from '../directive.js';
import { property } from './bus.js';
import { gives, list, takes } from './strictness.js';
import { each, reject, words } from './text.js';

/** The names that the wider set lets through and the narrower doesn't, as far as they are known. */
export function gained(narrow: Permitted, wide: Permitted): string[] {
  if (narrow.only) {
    return wide.only ? minus(wide.names, narrow.names) : [ALL_BUT_LISTED];
  }
  return [...narrow.names].filter((name) => wide.names.has(name) === wide.only);
}

const ALL_BUT_LISTED = 'everything that it does not list';

export const minus = (a: Iterable<string>, b: ReadonlySet<string>) => [...a].filter((name) => !b.has(name));

/** Splits the sign off. */
export const signed = (value: string): [boolean, string[]] =>
  value.startsWith('~') ? [true, wordsOf(value.slice(1))] : [false, wordsOf(value)];

/** Each assignment by itself: the manager joins them as it joins lines. */
const writeSigned: WriteDirective = ({ bus }, values) =>
  values.map((text) => property(bus, signedList(text)));

/** An assignment as the bus has it: whether it allows, and its words. */
export const signedList = (text: string): [boolean, string[]] => [
  !text.startsWith('~'),
  text === 'none' ? [] : wordsOf(text.replace(/^~/, '')),
];

/** A kind whose loaded value tells what it lets through. */
interface SignedList
  extends Pick<ValueKind, 'type' | 'signature' | 'isOff'>,
    Partial<Pick<ValueKind, 'write'>> {
  readonly expected: string;
  readonly isGood: (word: string) => boolean;
  /** A hint for a wrong word. */
  readonly meant?: (word: string) => string | undefined;
  /** The way out of an empty list where systemd takes it for "no restriction": the reader may take it for the contrary. */
  readonly ifEmpty?: string;
  /** A value that is no list of words. */
  readonly special?: ValueKind['format'];
  /** The part of a good word that is younger than the directive. */
  readonly needs?: (word: string) => YoungPart | undefined;
  readonly permitted: (row: Directive, values: readonly string[]) => Permitted;
  /** The bus has a list with a sign, unless said otherwise. */
  readonly loaded?: (value: unknown) => Permitted;
  /** Names that other directives take out when the unit is loaded. */
  readonly taken?: (get: Get) => readonly string[];
  /** One name for each thing. */
  readonly named?: (name: string) => string;
}

/** A list in one assignment: the sign is in front of the first word, or of the first element of a list of strings. */
function format(reading: ValueReading, value: unknown, kind: SignedList): string[] | undefined {
  const special = kind.special?.(reading, value);
  if (special) return special;
  const { expected, ifEmpty, isGood, meant, needs } = kind;
  if (ifEmpty && Array.isArray(value) && value.length === 0)
    return reject(reading, 'at least one name', value, ifEmpty);
  const found = words(reading, value, expected);
  if (found === undefined) return undefined;
  if (found.length === 0) return [''];
  const sign = found[0]!.startsWith('~') ? '~' : '';
  const names = [found[0]!.slice(sign.length), ...found.slice(1)];
  if (names.some((name) => name.startsWith('~'))) {
    return reject(reading, `${expected}, with '~' only in front of the first`, value);
  }
  const checked = each(names, (name) =>
    isGood(name) ? name : reject(reading, expected, name, meant?.(name)),
  );
  reading.needs.push(...names.flatMap((name) => needs?.(name) ?? []));
  return checked && [`${sign}${checked.join(' ')}`];
}

/**
 * A list with a sign. After a reset or a list without `~` all of the loaded one is ours. A list with `~` is taken from
 * what the unit has: of that only the names in it are known not to be let through.
 */
export function signedKind(kind: SignedList): ValueKind {
  const { type, signature, permitted, isOff, write = writeSigned } = kind;
  const { loaded: read = listed, taken = () => [], named = (name) => name } = kind;
  const passes = ({ only, names }: Permitted, name: string): boolean =>
    !name.startsWith('@') && names.has(named(name)) === only;
  return {
    ...{ type, signature, permitted, write },
    ...(isOff ? { isOff } : {}),
    format: (reading, value) => format(reading, value, kind),
    isLoaded: (row, values, get) => {
      const loaded = read(get(row.bus.property));
      const isOnTop = values.every((value) => value.length > 1 && value.startsWith('~'));
      return isOnTop
        ? values.every((value) => wordsOf(value.slice(1)).every((name) => !passes(loaded, name)))
        : isMeant(permitted(row, values), loaded, taken(get));
    },
  };
}

/** Which file systems a set such as @temporary has is for the target to know. */
function isMeant(meant: Permitted, loaded: Permitted, taken: readonly string[]): boolean {
  const missing = [...meant.names].filter((name) => !loaded.names.has(name) && !taken.includes(name));
  const isExact = ![...meant.names].some((name) => name.startsWith('@'));
  const extra = isExact && [...loaded.names].some((name) => !meant.names.has(name));
  return loaded.only === meant.only && missing.every((name) => name.startsWith('@')) && !extra;
}

/**
 * The first assignment says whether the list allows or denies; later ones of the other sign take names out.
 * @param emptied what a list that has become empty lets through
 */
export function joined(
  values: readonly string[],
  emptied: 'all' | 'none',
  named: (name: string) => string = (name) => name,
): Permitted {
  let only = false;
  let names: Set<string> | undefined;
  for (const value of values) {
    const [negated, found] = signed(value);
    if (value === '') [only, names] = [false, undefined];
    else if (value === 'none') [only, names] = [true, undefined];
    else {
      if (names === undefined || (emptied === 'all' && names.size === 0))
        [only, names] = [!negated, new Set()];
      for (const name of found.map(named)) negated === only ? names.delete(name) : names.add(name);
    }
  }
  if (emptied === 'all' && (names === undefined || names.size === 0))
    return { only: false, names: new Set() };
  return { only, names: names ?? new Set() };
}

const gains: WeakerRule = ({ row, before, emitted }) => {
  const permitted = row.kind.permitted!;
  const names = gained(permitted(row, before), permitted(row, [...before, ...emitted]));
  if (names.length === 0) return undefined;
  return `it adds ${names[0] === ALL_BUT_LISTED ? names[0] : list(names)}`;
};

/** No name gets through that the unit's own list keeps out. */
export const SET: Strictness = takes(gains);

/** A set of things that are granted. */
export const GRANTED_SET: Strictness = gives(gains);

/** A loaded list of names. One without names restricts nothing. */
function listed(value: unknown): Permitted {
  const [only, names] = value as [boolean, string[]];
  return { only: only && names.length > 0, names: new Set(names) };
}
