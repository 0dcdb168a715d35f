/** A unit's settings as systemd reads them: scalars, lists of words, paths. */

import { splitWords } from './exec/word.js';

/**
 * The values in a unit's [Service] section by directive: every right-hand side in systemd's order, empty ones included.
 * An empty value resets those before it, but empties CapabilityBoundingSet=.
 */
export type UnitValues = Pick<ReadonlyMap<string, readonly string[]>, 'get'>;

/** The values behind the last empty one, which resets those before it. */
export const sinceReset = (values: readonly string[]): readonly string[] =>
  values.slice(values.lastIndexOf('') + 1);

/** `yes` or `no` for any spelling of a boolean; other text is returned as it is. */
export function plain(text: string): string {
  const value = parseBoolean(text);
  return value === undefined ? text : value ? 'yes' : 'no';
}

/** The value of a scalar directive after these assignments; `''` if there are none. */
export const scalarOf = (values: readonly string[]): string => plain(values.at(-1) ?? '');

/** The value of a scalar directive of the unit; `''` if it isn't set. */
export const lastOf = (unit: UnitValues, name: string): string => scalarOf(unit.get(name) ?? []);

export const isOn = (unit: UnitValues, name: string): boolean => !['', 'no'].includes(lastOf(unit, name));

/** The words of a right-hand side (extract_first_word() with EXTRACT_UNQUOTE); empty where systemd can't split it. */
export const wordsOf = (text: string): string[] => splitWords(text, { quotes: true, escapes: 'next' }) ?? [];

/** The words behind the last empty value. */
export const allWords = (values: readonly string[]): string[] => sinceReset(values).flatMap(wordsOf);

/** A path without its prefixes `-` and `+`, empty components and trailing slash. */
export const barePath = (word: string): string => {
  const path = word.replace(/^-?\+?/, '');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
};

/** The paths that a directive of the unit lists, each without a colon and the text behind it. */
export const pathsOf = (unit: UnitValues, name: string): string[] =>
  allWords(unit.get(name) ?? []).map((word) => barePath(word.split(':')[0]!));

/** The places of the bind mounts that a directive of the unit lists: `SOURCE:DESTINATION`, or one path for both. */
export const bindPlacesOf = (unit: UnitValues, name: string): string[] =>
  allWords(unit.get(name) ?? []).map((word) => {
    const [source = '', destination = ''] = word.split(':');
    return barePath(destination || source);
  });

/** Whether a path is the first one, or lies below it. */
export const covers = (above: string, path: string): boolean =>
  above === path || above === '/' || path.startsWith(`${above}/`);

const YES: readonly string[] = ['1', 'yes', 'y', 'true', 't', 'on'];
const NO: readonly string[] = ['0', 'no', 'n', 'false', 'f', 'off'];

/** A boolean as systemd reads it (parse_boolean()), in upper or lower case; undefined for other text. */
export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (YES.includes(lower)) return true;
  return NO.includes(lower) ? false : undefined;
}
