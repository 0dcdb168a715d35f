/** Amounts as systemd writes them, and limits by them. */

import type { Strictness } from '../directive.js';
import { takes } from './strictness.js';

/** Values are unsigned 64 bits wide; the highest means "no limit". */
const MAX_NUMBER = 2n ** 64n - 2n;

/** A decimal integer without sign, leading zeros or blanks, else undefined. */
export function natural(text: string): bigint | undefined {
  if (!/^(0|[1-9]\d{0,19})$/.test(text)) return undefined;
  const number = BigInt(text);
  return number <= MAX_NUMBER ? number : undefined;
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

/** Nanoseconds. */
export const SECOND = 1_000_000_000n;

/** A part of 2³²−1 for hundredths of a percent. */
export const shareOf = (hundredths: number): bigint => (BigInt(hundredths) * 0xffffffffn + 5000n) / 10_000n;

/** A limit as numbers that can be compared, `share` for one in percent; undefined if it can't be read. */
export type Amount = { readonly share: boolean; readonly numbers: readonly (bigint | number)[] };

/** A size or a share of the machine. */
function amountOf(text: string): Amount | undefined {
  const share = text.endsWith('%');
  const number = share ? parsePercent(text, 1_000_000) : parseSize(text, 1024);
  return number === undefined ? undefined : { share, numbers: [number] };
}

const ENDLESS = Number.POSITIVE_INFINITY;

/** A limit of the unit's own may be lowered, not raised. Without one anything goes. */
export const limits = (read: (text: string) => Amount | undefined): Strictness => {
  const amount = (text: string): Amount | undefined =>
    ['', 'infinity', 'off'].includes(text) ? { share: false, numbers: [ENDLESS, ENDLESS] } : read(text);
  return takes(({ before, after }) => {
    const text = before.at(-1) ?? '';
    const own = amount(text);
    const asked = amount(after.at(-1) ?? '');
    if (own?.numbers[0] === ENDLESS && own.numbers[1] === ENDLESS) return undefined;
    const endless = asked?.numbers[0] === ENDLESS;
    if (own === undefined || asked === undefined || (own.share !== asked.share && !endless)) {
      return `it can't be compared with the unit's own '${text}'`;
    }
    const raised = asked.numbers.some((number, i) => number > own.numbers[i]!);
    return raised || endless ? `the unit's own limit is '${text}'` : undefined;
  });
};

export const LIMIT: Strictness = limits(amountOf);
