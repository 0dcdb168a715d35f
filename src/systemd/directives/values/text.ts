/** Texts of unit files as kinds of value write them: clean text, words, quotes, specifiers, paths. */

import { error, printable } from '../../../diagnostic.js';
import { UNREADABLE } from '../../unit/exec/word.js';
import type { ValueReading } from '../directive.js';

/** Longest element in bytes, as the kernel's longest path (PATH_MAX), and most elements of a list. */
const MAX_ELEMENT = 4095;
const MAX_ELEMENTS = 1000;
/** Longest right-hand side in bytes. systemd drops the rest of a file after a line of more than 1 MiB. */
export const MAX_VALUE = 1 << 18;

/** Records that a value is wrong. Always undefined, so that a reader can end with it. */
export function reject(reading: ValueReading, expected: string, shown: unknown, hint?: string): undefined {
  const message = `'${reading.row.name}' expects ${expected}, not ${describe(shown)}`;
  reading.problems.push(error('directive-value', message, { at: reading.at, hint }));
  return undefined;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : `'${printable(value, 80)}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value instanceof Date) return 'a date';
  return typeof value === 'object' || value === undefined ? 'a table' : String(value);
}

/**
 * Whether systemd's utf8_is_valid() takes a text: no lone surrogates, no noncharacters. systemd drops a line
 * that it refuses together with the rest of the file.
 */
export const isUnicode = (text: string): boolean => !UNREADABLE.test(text);

/** Characters that end a line or that are invisible: C0, DEL, C1 and Unicode's own line ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it finds
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const isClean = (text: string): boolean => !CONTROL.test(text) && isUnicode(text);

/** Bytes of a text in UTF-8. */
export const byteLength = (text: string): number => new TextEncoder().encode(text).length;

/** An element as text: a clean string, or an integer in decimal. */
function elementText(
  reading: ValueReading,
  value: unknown,
  expected: string,
  longest = MAX_ELEMENT,
): string | undefined {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  if (typeof value !== 'string') return reject(reading, expected, value);
  if (value.length > longest || byteLength(value) > longest) {
    return reject(reading, `at most ${longest} bytes`, value);
  }
  return isClean(value) ? value : reject(reading, `${expected} without control characters`, value);
}

/**
 * The text of a value that isn't a list, as the file will have it: systemd trims it, and a backslash at
 * its end would join the next line to it.
 */
export function scalar(
  reading: ValueReading,
  value: unknown,
  expected: string,
  longest?: number,
): string | undefined {
  const text = elementText(reading, value, expected, longest);
  if (text === undefined) return undefined;
  if (text !== text.trim() || text.endsWith('\\')) {
    return reject(reading, `${expected} that doesn't begin or end with a space or end with '\\'`, text);
  }
  return text;
}

/**
 * The elements of a list. A list of strings is taken word for word; a text is what systemd itself would read,
 * words with spaces between them, and stays without quotes and backslashes. An empty text or list has none.
 */
export function words(reading: ValueReading, value: unknown, expected: string): string[] | undefined {
  if (typeof value !== 'string') return elements(reading, value, expected);
  if (/["'\\]/.test(value)) {
    return reject(reading, expected, value, 'write a list of strings, one for each word, without quotes');
  }
  return elements(
    reading,
    value.split(/[ \t]+/).filter((word) => word !== ''),
    expected,
  );
}

/** The elements of a list of which each gets an assignment of its own; a text is one element. */
export function lines(reading: ValueReading, value: unknown, expected: string): string[] | undefined {
  return elements(reading, value === '' ? [] : Array.isArray(value) ? value : [value], expected);
}

function elements(reading: ValueReading, value: unknown, expected: string): string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > MAX_ELEMENTS) return reject(reading, `at most ${MAX_ELEMENTS} elements`, value);
  const texts: string[] = [];
  for (const element of list) {
    const text = elementText(reading, element, expected);
    if (text === '') reject(reading, `${expected} in each element`, text);
    else if (text !== undefined) texts.push(text);
  }
  return texts.length === list.length ? texts : undefined;
}

/** Each element by a reader of its own, every problem at once; undefined if there was one. */
export function each<T>(list: readonly string[] | undefined, read: (text: string) => T | undefined) {
  const results = list?.map(read);
  return results?.every((result) => result !== undefined) ? (results as T[]) : undefined;
}

/** One right-hand side of words, each by a reader of its own. */
export function joinWords(
  reading: ValueReading,
  value: unknown,
  expected: string,
  read: (word: string) => string | undefined,
  separator = ' ',
): string[] | undefined {
  const list = each(words(reading, value, expected), read);
  return list && [list.join(separator)];
}

/** One text, kept as it is, if it is as it should be. */
export const oneText =
  (expected: string, isGood: (text: string) => boolean, longest?: number) =>
  (reading: ValueReading, value: unknown): string[] | undefined => {
    const text = scalar(reading, value, expected, longest);
    if (text === undefined) return undefined;
    return isGood(text) ? [text] : reject(reading, expected, text);
  };

/**
 * A word as extract_first_word() of systemd reads it back with EXTRACT_UNQUOTE: quotes if it needs any, and a
 * backslash before each quote and backslash. It can't end in a backslash then.
 */
export const quoteWord = (word: string): string =>
  /^[\w@%+,./:=~^-]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`;

/** First systemd with a specifier, as of systemd.unit(5); those without a number are older than 247. */
const SPECIFIERS: ReadonlyMap<string, number> = new Map([
  ...[...'BCEGHIJLNPSTUVWabfghijlmnopstuvw%'].map((letter) => [letter, 0] as const),
  ['A', 250],
  ['D', 256],
  ['M', 250],
  ['Y', 251],
  ['d', 251],
  ['q', 251],
  ['y', 251],
]);

/** Specifiers for an absolute path. */
const PATH_SPECIFIERS = 'CDELSTVYdfhty';

/** Whether every `%` begins a known specifier. systemd writes an unknown one as it stands, or drops the line. */
export function checkSpecifiers(reading: ValueReading, text: string): boolean {
  for (let i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 2)) {
    const letter = text[i + 1] ?? '';
    const since = SPECIFIERS.get(letter);
    if (since === undefined) {
      const hint = "write '%%' for a percent sign";
      reject(reading, 'a specifier of systemd.unit(5) after each percent sign', text, hint);
      return false;
    }
    if (since > 0) reading.needs.push({ since, what: `the specifier '%${letter}'` });
  }
  return true;
}

/** The components of a path without empty ones and dots, as systemd's path_simplify() leaves them. */
const components = (path: string) => path.split('/').filter((part) => part !== '' && part !== '.');

const fits = (parts: readonly string[]) => parts.every((part) => part !== '..' && byteLength(part) <= 255);

/** An absolute path in the form that systemd keeps it in. A specifier that is an absolute path may begin it. */
export function absolutePath(reading: ValueReading, text: string, specifiers = true): string | undefined {
  if (specifiers && !checkSpecifiers(reading, text)) return undefined;
  const byManager = specifiers && text[0] === '%' && PATH_SPECIFIERS.includes(text[1] ?? ' ');
  if (!text.startsWith('/') && !byManager) return reject(reading, 'an absolute path', text);
  const parts = components(text);
  if (!fits(parts)) {
    return reject(reading, "a path without '..' and with at most 255 bytes between slashes", text);
  }
  return (byManager ? '' : '/') + parts.join('/');
}

/** A relative path in the form that systemd keeps it in. */
export function relativePath(reading: ValueReading, text: string): string | undefined {
  if (!checkSpecifiers(reading, text)) return undefined;
  const parts = components(text);
  if (text.startsWith('/') || parts.length === 0 || !fits(parts)) {
    return reject(reading, "a relative path without '..'", text);
  }
  return parts.join('/');
}

/** Whether a text holds none of the characters that a key of several fields gives a meaning to. */
export const isPlainField = (text: string): boolean => !/["'\\:]/.test(text);

/** Mount options: no quotes, spaces or backslashes; a percent sign stands for itself. */
export const isOptions = (text: string) => /^[A-Za-z0-9_.,=%+@/-]+$/.test(text);
