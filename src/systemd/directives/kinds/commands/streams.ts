/** Input and output: the ends of a stream, and data that is read from it. */

import { fromBase64, toBase64 } from '../../../../collections.js';
import { bytesOf, unescapeText } from '../../../unit/exec/word.js';
import type { EnumValue, ValueKind, ValueReading, WriteDirective } from '../../directive.js';
import { isBase64, property, withoutSpecifiers } from '../../values/bus.js';
import { absolutePath, checkSpecifiers, MAX_VALUE, oneText, reject, scalar } from '../../values/text.js';
import { checkWord } from '../../values/words.js';

interface StreamKind {
  readonly words: readonly string[];
  /** Words that a path follows: `file:/srv/log`. */
  readonly opens: readonly EnumValue[];
}

/** One of the words, `fd:NAME`, or a path that is opened. */
export const stream = (kind: StreamKind): ValueKind => ({
  type: 'stream',
  signature: 's',
  format: (reading, value) => formatStream(reading, value, kind),
  write: ({ name }, values) => {
    const text = withoutSpecifiers(values.at(-1)!);
    if (text === undefined) return undefined;
    const [, how = '', rest = ''] = /^([a-z]+):(.*)$/.exec(text) ?? [];
    const suffix = OPENS.get(how);
    return suffix === undefined
      ? [{ name, signature: 's', value: text }]
      : [{ name: `${name}${suffix}`, signature: 's', value: rest }];
  },
});

/** Ends of the names of properties, by how a file is opened. */
const OPENS: ReadonlyMap<string, string> = new Map([
  ['fd', 'FileDescriptorName'],
  ['file', 'File'],
  ['append', 'FileToAppend'],
  ['truncate', 'FileToTruncate'],
]);

function formatStream(reading: ValueReading, value: unknown, kind: StreamKind): string[] | undefined {
  const files = kind.opens.map((word) => `${word.value}:PATH`);
  const expected = `one of ${[...kind.words, 'fd:NAME', ...files].join(', ')}`;
  const text = scalar(reading, value, expected);
  if (text === undefined || kind.words.includes(text)) return text === undefined ? text : [text];
  const [, how = '', rest = ''] = /^([a-z]+):(.*)$/.exec(text) ?? [];
  if (how === 'fd') {
    const isName = /^[!-9;-~]{1,255}$/.test(rest);
    return isName && checkSpecifiers(reading, rest) ? [text] : reject(reading, expected, text);
  }
  if (!checkWord(reading, how, kind.opens)) return reject(reading, expected, text);
  const path = absolutePath(reading, rest);
  return path === undefined ? undefined : [`${how}:${path}`];
}

const writeData: WriteDirective = ({ bus }, values) => [
  property(
    bus,
    values.flatMap((text) => [...(fromBase64(text) ?? [])]),
  ),
];

export const INPUT_DATA: ValueKind = {
  type: 'input-data',
  signature: 'ay',
  format: oneText('Base64', isBase64, MAX_VALUE),
  write: writeData,
};

/** A line of text, written as the data that it is. */
export const INPUT_TEXT: ValueKind = {
  type: 'input-text',
  signature: 'ay',
  format: (reading, value) => {
    const expected = 'a line of text, with C-style escapes and without specifiers';
    const text = scalar(reading, value, expected, MAX_VALUE);
    if (text === undefined) return undefined;
    const unescaped = unescapeText(text);
    const plain = unescaped === undefined ? undefined : withoutSpecifiers(unescaped);
    if (plain === undefined)
      return reject(reading, expected, text, "write '\\\\' for a backslash, '%%' for %");
    return [toBase64(bytesOf(`${plain}\n`))];
  },
  write: writeData,
};
