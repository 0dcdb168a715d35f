/** Kinds of value whose assignments add up to a list: the elements that the bus has for a right-hand side. */

import { wordsOf } from '../../unit/values.js';
import type { BusProperty, Directive, ValueKind, WrittenProperties } from '../directive.js';
import { canonical, property, withoutSpecifiers } from './bus.js';

/** Elements as the bus has them; undefined for one that the text doesn't decide. */
export type Elements = readonly unknown[];

/** `write` and `isLoaded` take the place of those that follow from `elements`. */
type ListKind = Omit<ValueKind, 'write'> &
  Partial<ValueKind> & {
    /** Elements of a right-hand side that isn't empty. */
    readonly elements: (text: string) => Elements;
    /** Elements of the property; without it, the property is the list. */
    readonly loaded?: (value: unknown) => Elements;
    /** The property that has them, where it isn't the row's first. */
    readonly holder?: (row: Directive) => BusProperty;
  };

/** A list in one property. */
export function listKind({ elements, loaded, holder = ({ bus }) => bus, ...kind }: ListKind): ValueKind {
  return {
    write: (row, values) => {
      const all = values.flatMap(elements);
      return all.includes(undefined) ? undefined : [property(holder(row), all)];
    },
    isLoaded: (row, values, get) => {
      const ours = values.slice(values.lastIndexOf(row.reset ?? '') + 1).flatMap(elements);
      const value = get(holder(row).property);
      const there = loaded ? loaded(value) : Array.from(value as Elements);
      const last = kind.keyed ? lastOfEach(ours) : ours;
      const known = last.filter((element) => element !== undefined);
      const isWhole = values.some((text) => text === row.reset) && known.length === ours.length;
      return hasAll(there, known, isWhole);
    },
    ...kind,
  };
}

/** Whether a loaded list has all of ours, and nothing else if ours is the whole of it. */
function hasAll(there: Elements, ours: Elements, isWhole: boolean): boolean {
  const loaded = new Set(there.map(canonical));
  const wanted = new Set(ours.map(canonical));
  if ([...wanted].some((element) => !loaded.has(element))) return false;
  return !isWhole || [...loaded].every((element) => wanted.has(element) || isAdded(element));
}

const lastOfEach = (elements: Elements): Elements => [
  ...new Map(elements.map((element) => [canonical((element as unknown[])?.[0]), element])).values(),
];

/** Devices that the manager adds for images, ProtectClock= and encrypted credentials. */
const ADDED_DEVICES =
  /^\["(\/dev\/loop-control|\/dev\/mapper\/control|block-(loop|blkext|device-mapper)|char-(rtc|tpm))",/;

const isAdded = (element: string): boolean => ADDED_DEVICES.test(element);

/** Each word with its quotes and specifiers resolved. */
export const plainWords = (text: string, read: (word: string) => unknown = (word) => word): Elements =>
  wordsOf(text).map((word) => {
    const plain = withoutSpecifiers(word);
    return plain === undefined ? undefined : read(plain);
  });

/** The fields of a whole right-hand side, split at the first colon. */
export function pair(text: string, read: (first: string, rest: string) => unknown): Elements {
  const at = text.indexOf(':');
  const [first, rest] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  const name = withoutSpecifiers(first);
  return [name === undefined ? undefined : read(name, rest)];
}

/** A path, and whether `-` in front says that it may be missing. */
export const optional = (path: string): [string, boolean] => [path.replace(/^-/, ''), path.startsWith('-')];

/** A list in one property, each element from a text of its own. */
export function writeEach(
  { bus }: Directive,
  texts: readonly string[],
  read: (plain: string) => unknown,
): WrittenProperties {
  const plain = allOf(texts.map(withoutSpecifiers));
  return plain && [property(bus, plain.map(read))];
}

/** Undefined if one of the list is. */
export const allOf = <T>(list: readonly (T | undefined)[]): T[] | undefined =>
  list.every((one) => one !== undefined) ? (list as T[]) : undefined;

/** Words of one field, and by themselves, in the second property, those of several; undefined without one. */
export function writeByFields(
  { bus, more = [] }: Directive,
  words: readonly (string | undefined)[],
  fields: (word: readonly string[]) => unknown,
): WrittenProperties {
  const parts = allOf(words)?.map((word) => word.split(':'));
  if (parts === undefined) return undefined;
  const plain = parts.filter(({ length }) => length === 1).flat();
  const several = parts.filter(({ length }) => length > 1).map(fields);
  const first = plain.length > 0 ? [property(bus, plain)] : [];
  if (several.length === 0) return first;
  return more[0] && [...first, property(more[0], several)];
}
