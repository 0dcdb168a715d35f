/** Numbers as systemd writes them: integers, sizes, percentages, time spans, limits, modes, sets of CPUs. */

import { parseSpan } from '../../policy/time-span.js';
import type { EnumValue } from '../own-kinds.js';
import type { LimitUnit } from '../row.js';
import { checkWord } from './names.js';
import { each, type Reading, reject, scalar, words } from './text.js';

/** Values are unsigned 64 bits wide; the highest stands for "no limit". */
const MAX_NUMBER = 2n ** 64n - 2n;

/** A decimal integer without sign, leading zeros or blanks, else undefined. */
function natural(text: string): bigint | undefined {
  if (!/^(0|[1-9]\d{0,19})$/.test(text)) return undefined;
  const number = BigInt(text);
  return number <= MAX_NUMBER ? number : undefined;
}

export function integer(
  reading: Reading,
  value: unknown,
  kind: { min: number; max: number; words?: readonly EnumValue[] },
): string[] | undefined {
  const named = kind.words?.length ? ` or ${kind.words.map((word) => `'${word.value}'`).join(', ')}` : '';
  const expected = `an integer from ${kind.min} to ${kind.max}${named}`;
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  if (kind.words && checkWord(reading, text, kind.words)) return [text];
  const number = /^-?(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : Number.NaN;
  return number >= kind.min && number <= kind.max ? [text] : reject(reading, expected, text);
}

/** An access mode. TOML has no octal number that looks like one, so that `77` would be read as 0115. */
export function mode(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'an octal mode as text';
  const hint = 'write it in quotes: "0077"';
  if (typeof value !== 'string') return reject(reading, expected, value, hint);
  return /^0?[0-7]{3,4}$/.test(value) && Number.parseInt(value, 8) <= 0o7777
    ? [value]
    : reject(reading, expected, value, hint);
}

const UNITS = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

/** A number of bytes (or of operations) with a suffix, `1.5G`, else undefined. @param base 1024 or 1000. */
export function parseSize(text: string, base: 1000 | 1024): bigint | undefined {
  const [, whole, fraction, unit] = /^(\d{1,20})(?:\.(\d{1,9}))?([KMGTPE]?)$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const factor = BigInt(base) ** BigInt(UNITS.indexOf(unit ?? ''));
  const parts = (BigInt(fraction ?? 0) * factor) / 10n ** BigInt(fraction?.length ?? 0);
  const size = BigInt(whole) * factor + parts;
  return size <= MAX_NUMBER ? size : undefined;
}

/** Hundredths of a percent, `12.5%`, else undefined. @param max in percent. */
export function parsePercent(text: string, max: number): number | undefined {
  const [, whole, fraction = ''] = /^(\d{1,7})(?:\.(\d{1,2}))?%$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const hundredths = Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
  return hundredths <= max * 100 ? hundredths : undefined;
}

export function size(
  reading: Reading,
  value: unknown,
  kind: { zero?: boolean; infinity?: boolean; off?: boolean },
): string[] | undefined {
  const word = kind.infinity ? ", a percentage or 'infinity'" : ", a percentage or 'off'";
  const expected = `a size such as '512M'${word}`;
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  if ((kind.infinity && text === 'infinity') || (kind.off && text === 'off')) return [text];
  const amount = text.endsWith('%') ? parsePercent(text, 100) : parseSize(text, 1024);
  if (amount === undefined) return reject(reading, expected, text);
  return amount > 0 || kind.zero ? [text] : reject(reading, `${expected} above zero`, text);
}

export function percent(reading: Reading, value: unknown, kind: { max?: number }): string[] | undefined {
  const expected = kind.max ? `a percentage up to ${kind.max}%` : "a percentage such as '20%'";
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  const amount = parsePercent(text, kind.max ?? 1_000_000);
  return amount ? [text] : reject(reading, `${expected}, above zero`, text);
}

export function tasks(reading: Reading, value: unknown): string[] | undefined {
  const expected = "a number of tasks, a percentage or 'infinity'";
  const text = scalar(reading, value, expected);
  if (text === undefined || text === 'infinity') return text && [text];
  const amount = text.endsWith('%') ? parsePercent(text, 100) : natural(text);
  return amount ? [text] : reject(reading, `${expected}, above zero`, text);
}

const SECOND = 1_000_000_000n;

export function time(
  reading: Reading,
  value: unknown,
  kind: { unit: 'seconds' | 'nanoseconds'; infinity?: boolean; atLeastSecond?: boolean },
): string[] | undefined {
  const expected = "a time span such as '90s' or '1min 30s'";
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  if (kind.infinity && text === 'infinity') return [text];
  const span = parseSpan(text, kind.unit === 'seconds' ? SECOND : 1n);
  // systemd counts spans of seconds in microseconds; 0 would be "unset".
  if (span === undefined) return reject(reading, expected, text);
  if (kind.unit === 'nanoseconds') return [text];
  if (/\d *n/.test(text)) return reject(reading, `${expected} in microseconds or longer units`, text);
  if (kind.atLeastSecond && span < SECOND) return reject(reading, `${expected} of at least 1s`, text);
  return [text];
}

/** One side of a resource limit as a number in its own unit; Infinity for none, undefined if it isn't one. */
function parseLimit(text: string, unit: LimitUnit): bigint | number | undefined {
  if (text === 'infinity' && unit !== 'nice') return Number.POSITIVE_INFINITY;
  switch (unit) {
    case 'bytes':
      return parseSize(text, 1024);
    case 'count':
      return natural(text);
    case 'seconds':
      return parseSpan(text, SECOND);
    case 'microseconds':
      return parseSpan(text, 1000n);
    case 'nice':
      return parseNice(text);
  }
}

/** RLIMIT_NICE: 1 to 40 for the nice levels 19 to -20, or a signed nice level. */
function parseNice(text: string): number | undefined {
  const [, sign, digits] = /^([+-]?)(0|[1-9]\d?)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const number = Number(digits);
  if (sign === '+') return number <= 19 ? 20 - number : undefined;
  if (sign === '-') return number <= 20 ? 20 + number : undefined;
  return number <= 40 ? number : undefined;
}

/** The soft and the hard limit, else undefined. */
export function parseLimits(text: string, unit: LimitUnit): [bigint | number, bigint | number] | undefined {
  const sides = text.split(':').map((side) => parseLimit(side, unit));
  const [soft, hard = soft] = sides;
  if (sides.length > 2 || soft === undefined || hard === undefined || soft > hard) return undefined;
  return sides.includes(undefined) ? undefined : [soft, hard];
}

const LIMIT_EXAMPLES: Readonly<Record<LimitUnit, string>> = {
  bytes: "a size such as '64M'",
  count: 'a number',
  seconds: "a time span such as '10min'",
  microseconds: "a time span such as '200ms'",
  nice: "a nice level such as '+5' or '-10'",
};

export function limit(reading: Reading, value: unknown, kind: { unit: LimitUnit }): string[] | undefined {
  const infinity = kind.unit === 'nice' ? '' : ", or 'infinity'";
  const expected = `${LIMIT_EXAMPLES[kind.unit]}${infinity}, or two of them as soft:hard`;
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  return parseLimits(text, kind.unit) ? [text] : reject(reading, expected, text);
}

/** Highest number of a CPU or memory node that systemd takes without reserving much memory (NR_CPUS of Linux). */
const MAX_CPU = 8191;

export function cpus(
  reading: Reading,
  value: unknown,
  kind: { words?: readonly EnumValue[] },
): string[] | undefined {
  const expected = "numbers and ranges such as '0-3'";
  if (typeof value === 'string' && kind.words && checkWord(reading, value, kind.words)) return [value];
  const source = typeof value === 'string' ? value.replaceAll(',', ' ') : value;
  const ranges = each(words(reading, source, expected), (word) => {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word) ?? [];
    const good = first !== undefined && Number(first) <= Number(last) && Number(last) <= MAX_CPU;
    return good ? word : reject(reading, expected, word);
  });
  return ranges && [ranges.join(' ')];
}
