/** Texts of words with C-style escapes and quotes, which are kept as they are. */

import { splitWords } from '../../unit/exec/word.js';
import type { Directive, ValueKind, ValueReading, WriteDirective } from '../directive.js';
import { writeEach } from './list.js';
import { checkSpecifiers, MAX_VALUE, reject, scalar } from './text.js';

/** The words of a text; undefined where a quote isn't closed, or an escape is unknown. */
const quotedWords = (text: string): string[] | undefined => splitWords(text, { quotes: true, escapes: 'c' });

/** The words of all texts. */
export const quotedWordsOf = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => quotedWords(text) ?? []);

/** A kind of which each word is as it should be. */
interface QuotedWords {
  readonly type: string;
  readonly signature: string;
  readonly expected: string;
  readonly isGood: (word: string) => boolean;
  /** A word as the bus has it, if not as it is. */
  readonly element?: (word: string) => unknown;
  readonly write?: WriteDirective;
}

export const quotedWordsKind = ({
  type,
  signature,
  expected,
  isGood,
  element = (word) => word,
  write = (row: Directive, values) => writeEach(row, quotedWordsOf(values), element),
}: QuotedWords): ValueKind => ({
  type,
  signature,
  format: (reading, value) => format(reading, value, expected, isGood),
  write,
});

function format(
  reading: ValueReading,
  value: unknown,
  expected: string,
  isGood: (word: string) => boolean,
): string[] | undefined {
  const text = scalar(reading, value, expected, MAX_VALUE);
  if (text === undefined) return undefined;
  const found = quotedWords(text);
  const wrong = found?.find((word) => !isGood(word));
  if (found === undefined || wrong !== undefined) {
    return reject(reading, expected, wrong ?? text, 'white space in a word needs quotes around it');
  }
  return checkSpecifiers(reading, text) ? [text] : undefined;
}
