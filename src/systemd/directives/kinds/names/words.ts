/** Some words of a closed table. */

import { didYouMean } from '../../../../diagnostic.js';
import { allWords, plain, wordsOf } from '../../../unit/values.js';
import type { Directive, Strictness, ValueKind, ValueReading } from '../../directive.js';
import { bitsOf, property } from '../../values/bus.js';
import { type Elements, listKind } from '../../values/list.js';
import { scalarKind } from '../../values/scalar.js';
import { minus } from '../../values/signed-list.js';
import { gives, list, takes } from '../../values/strictness.js';
import { joinWords, reject } from '../../values/text.js';
import { formatBoolean, isBoolean } from '../../values/words.js';

interface WordKind {
  readonly of: readonly string[];
  /** Words of the bits that the bus has in their place, the lowest first. */
  readonly bits?: readonly string[];
  /** The words that a word stands for. */
  readonly groups?: ReadonlyMap<string, readonly string[]>;
}

/** Each word once, in one assignment. */
export const words = (kind: WordKind): ValueKind => {
  const { bits, groups } = kind;
  const elements = (text: string) => wordsOf(text).flatMap((word) => groups?.get(word) ?? word);
  const format = (reading: ValueReading, value: unknown) => formatWords(reading, value, kind.of, '');
  if (bits === undefined) return listKind({ type: 'words', signature: 'as', format, elements });
  return listKind({
    type: 'words',
    signature: 'i',
    format,
    elements,
    loaded: (value) => bitsOf(value).flatMap((bit) => bits[bit] ?? []),
    write: ({ bus }, values) => [
      property(
        bus,
        values.flatMap(elements).reduce((mask, name) => mask | (1 << bits.indexOf(name)), 0),
      ),
    ],
  });
};

function formatWords(reading: ValueReading, value: unknown, of: readonly string[], before: string) {
  const expected = `${before}some of ${of.join(', ')}`;
  return joinWords(reading, value, expected, (word) =>
    of.includes(word) ? word : reject(reading, expected, word, didYouMean(word, of)),
  );
}

/** A boolean, or words that the row's second property has. The first has whether there are any. */
export const wordsOrBoolean = (of: readonly string[]): ValueKind => {
  const type = 'words';
  const signature = 'b';
  const format = (reading: ValueReading, value: unknown) =>
    isBoolean(value) ? formatBoolean(reading, value) : formatWords(reading, value, of, 'true, false or ');
  const elements = (text: string): Elements => wordsOf(text);
  const asList = listKind({ type, signature, format, elements, holder: ({ more }: Directive) => more![0]! });
  const asWord = scalarKind({
    type,
    signature,
    format,
    expected: (text, { bus }) => new Map([[bus.property, text === 'yes']]),
  });
  const kindOf = (values: readonly string[]) =>
    ['yes', 'no'].includes(values.at(-1) ?? '') ? asWord : asList;
  return {
    type,
    signature,
    format,
    boolean: true,
    write: (row, values, systemd) => kindOf(values).write(row, values, systemd),
    isLoaded: (row, values, get) => kindOf(values).isLoaded!(row, values, get),
  };
};

/** Bits that keep capabilities where the kernel would drop them. */
const KEEPING: readonly string[] = ['keep-caps', 'no-setuid-fixup'];

export const SECURE_BITS: Strictness = takes(({ before, after }) => {
  const own = new Set(allWords(before));
  const asked = new Set(allWords(after));
  const lost = [...own].filter((bit) => !KEEPING.includes(bit) && !asked.has(bit));
  if (lost.length > 0) return `it drops ${list(lost)}`;
  const added = [...asked].filter((bit) => KEEPING.includes(bit) && !own.has(bit));
  return added.length > 0 ? `it adds ${list(added)}` : undefined;
});

/** A delegated control group is the service's to change: its limits then bind it only from above. */
export const DELEGATE: Strictness = gives(({ before, after }) => {
  const own = delegated(before);
  const asked = delegated(after);
  if (asked === undefined || own === 'all') return undefined;
  if (own === undefined) return "the unit's control group isn't delegated";
  const added = asked === 'all' ? ['true'] : minus(asked, own);
  return added.length === 0 ? undefined : `the unit doesn't delegate ${list(added)}`;
});

function delegated(values: readonly string[]): ReadonlySet<string> | 'all' | undefined {
  let set: Set<string> | 'all' | undefined;
  for (const value of values) {
    const word = plain(value);
    if (word === 'yes') set = 'all';
    else if (word === 'no') set = undefined;
    else if (value === '') set = new Set();
    else if (set !== 'all') set = new Set([...(set ?? []), ...wordsOf(value)]);
  }
  return set;
}
