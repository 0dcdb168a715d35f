/** One word out of a table, or a boolean in its place. */

import { didYouMean } from '../../../../diagnostic.js';
import type { Directive, EnumValue, ValueKind, ValueReading } from '../../directive.js';
import { property, withoutSpecifiers } from '../../values/bus.js';
import { type ExpectedProperties, propertiesOf, scalarKind } from '../../values/scalar.js';
import { checkSpecifiers, reject, scalar } from '../../values/text.js';
import { checkWord, formatBoolean, isBoolean } from '../../values/words.js';

interface Enumeration {
  readonly words: readonly EnumValue[];
  /** `true` and `false` are written as `yes` and `no`. */
  readonly boolean?: boolean;
  /** A host name may follow this word: `private:web`. */
  readonly withHostname?: string | undefined;
  /** The number that the bus has for each word. */
  readonly codes?: Readonly<Record<string, number>>;
}

/** An enumeration. A word without a version is as old as the directive. */
export function oneOf(
  all: readonly (string | EnumValue)[],
  { codes, boolean = false, withHostname }: Omit<Enumeration, 'words'> = {},
): ValueKind {
  const words = all.map((word) => (typeof word === 'string' ? { value: word } : word));
  const expected = (text: string, row: Directive) => valuesOf(text, row, codes);
  return scalarKind({
    type: 'enum',
    signature: codes ? 'i' : 's',
    words,
    boolean,
    format: (reading, value) => format(reading, value, { words, boolean, withHostname }),
    expected,
    write: (row, values, systemd) => {
      const all = expected(values.at(-1)!, row);
      const there = propertiesOf(row, systemd);
      // One property of several has only a part of it.
      const isWhole = there.length > 0 && there.every((bus) => all.get(bus.property) !== undefined);
      return isWhole ? there.map((bus) => property(bus, all.get(bus.property))) : undefined;
    },
  });
}

function format(reading: ValueReading, value: unknown, kind: Enumeration): string[] | undefined {
  if (kind.boolean && isBoolean(value)) return formatBoolean(reading, value);
  const names = kind.words.map((entry) => entry.value);
  const shown = names.length === 1 ? `'${names[0]}'` : `one of ${names.join(', ')}`;
  const expected = `${kind.boolean ? 'true, false or ' : ''}${shown}`;
  const text = scalar(reading, value, expected);
  if (text === undefined || checkWord(reading, text, kind.words)) return text === undefined ? text : [text];
  const before = kind.withHostname;
  if (before !== undefined && text.startsWith(`${before}:`)) {
    checkWord(reading, before, kind.words);
    return isHostname(reading, text.slice(before.length + 1)) ? [text] : undefined;
  }
  return reject(reading, expected, text, didYouMean(text, names));
}

/** A host name as systemd's hostname_is_valid() takes it, or one with specifiers. */
function isHostname(reading: ValueReading, text: string): boolean {
  const labels = text.replace(/%[a-zA-Z%]/g, 'x').split('.');
  const good =
    text.length <= 64 && labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?$/.test(label));
  if (!good) reject(reading, 'a host name after the colon', text);
  return good && checkSpecifiers(reading, text);
}

/** Newer systemd's words for `yes` in the property that has more words than two. */
const YES: ReadonlyMap<string, string> = new Map([
  ['PrivateTmpEx', 'connected'],
  ['PrivateUsersEx', 'self'],
]);

/** The property that knows all words of an enumeration, where there is a second one; else the first. */
function valuesOf(text: string, row: Directive, codes: Enumeration['codes']): ExpectedProperties {
  const values = new Map<string, unknown>();
  const [word, suffix = ''] = text.split(':') as [string, string?];
  const { property: name, signature } = row.bus;
  values.set(name, codes ? codes[text] : signature === 'b' ? text !== 'no' : text);
  for (const more of row.more ?? []) {
    const named = text === 'yes' ? (YES.get(more.property) ?? text) : text;
    if (more.signature === 's') values.set(more.property, named);
    else if (withoutSpecifiers(suffix) !== undefined) values.set(more.property, [word, suffix]);
  }
  return values;
}

export const BOOLEAN: ValueKind = scalarKind({
  type: 'boolean',
  signature: 'b',
  boolean: true,
  format: formatBoolean,
  expected: (text, { bus }) => (bus.signature === 'b' ? text === 'yes' : text),
});
