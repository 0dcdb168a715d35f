/** Integers, percentages and sets of numbers. */

import type { EnumValue, ValueKind, ValueReading } from '../../directive.js';
import { parsePercent, shareOf } from '../../values/amounts.js';
import { bitsOf, property } from '../../values/bus.js';
import { listKind } from '../../values/list.js';
import { scalarKind } from '../../values/scalar.js';
import { joinWords, reject, scalar } from '../../values/text.js';
import { checkWord } from '../../values/words.js';

interface Integer {
  readonly min: number;
  readonly max: number;
  /** Words that may take the place of a number. */
  readonly words?: readonly EnumValue[];
}

export const integer = (kind: Integer): ValueKind =>
  scalarKind({
    type: 'integer',
    signature: kind.max < 2 ** 31 ? 'i' : 'u',
    format: (reading, value) => formatInteger(reading, value, kind),
    expected: (text) => (text === 'idle' ? 0 : Number(text)),
  });

export function formatInteger(reading: ValueReading, value: unknown, kind: Integer): string[] | undefined {
  const named = kind.words?.length ? ` or ${kind.words.map((word) => `'${word.value}'`).join(', ')}` : '';
  const expected = `an integer from ${kind.min} to ${kind.max}${named}`;
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  if (kind.words && checkWord(reading, text, kind.words)) return [text];
  const number = /^-?(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : Number.NaN;
  return number >= kind.min && number <= kind.max ? [text] : reject(reading, expected, text);
}

/** CPUQuota= is in microseconds of each second on the bus, others are a part of 2³²−1. @param max in percent */
export const percent = ({ max }: { readonly max?: number } = {}): ValueKind =>
  scalarKind({
    type: 'percent',
    signature: 't',
    format: (reading, value) => {
      const expected = max ? `a percentage up to ${max}%` : "a percentage such as '20%'";
      const text = scalar(reading, value, expected);
      if (text === undefined) return undefined;
      const amount = parsePercent(text, max ?? 1_000_000);
      return amount ? [text] : reject(reading, `${expected}, above zero`, text);
    },
    expected: (text, { bus }) => {
      const share = parsePercent(text, 1_000_000);
      if (share === undefined) return undefined;
      return bus.signature === 't' ? share * 100 : shareOf(share);
    },
  });

/** Highest number of a CPU or memory node that systemd takes without reserving much memory (NR_CPUS of Linux). */
const MAX_CPU = 8191;

/** A set of numbers, `0-3 8`: a mask in bytes on the bus, the lowest bits first. @param table words in its place */
export const cpus = (table?: readonly EnumValue[]): ValueKind =>
  listKind({
    type: 'cpus',
    signature: 'ay',
    format: (reading, value) =>
      typeof value === 'string' && table && checkWord(reading, value, table)
        ? [value]
        : formatRanges(reading, value),
    elements: numbersOf,
    loaded: (value) =>
      Array.from(value as Iterable<number>).flatMap((byte, i) => bitsOf(byte).map((bit) => 8 * i + bit)),
    write: (row, values) => {
      if (values.at(-1) === 'numa') return row.more?.map((bus) => property(bus, true));
      const numbers = values.flatMap(numbersOf);
      const known = numbers.filter((number) => number !== undefined);
      return known.length < numbers.length ? undefined : [property(row.bus, maskOf(known))];
    },
  });

function formatRanges(reading: ValueReading, value: unknown): string[] | undefined {
  const expected = "numbers and ranges such as '0-3'";
  const source = typeof value === 'string' ? value.replaceAll(',', ' ') : value;
  return joinWords(reading, source, expected, (word) => {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word) ?? [];
    const good = first !== undefined && Number(first) <= Number(last) && Number(last) <= MAX_CPU;
    return good ? word : reject(reading, expected, word);
  });
}

/** Only the manager knows the numbers of a word. */
const numbersOf = (text: string): (number | undefined)[] =>
  /^[a-z]/.test(text) ? [undefined] : text.split(' ').flatMap(range);

function range(word: string): number[] {
  const [first, last = first] = word.split('-').map(Number) as [number, number?];
  return Array.from({ length: last! - first + 1 }, (_, i) => first + i);
}

function maskOf(numbers: readonly number[]): number[] {
  const bytes = new Array<number>(Math.floor(Math.max(...numbers) / 8) + 1).fill(0);
  for (const number of numbers) bytes[number >> 3]! |= 1 << (number & 7);
  return bytes;
}
