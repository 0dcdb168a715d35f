/** Resource limits, RLIMIT_* in setrlimit(2), as systemd.exec(5) reads them. */

import { parseSpan } from '../../../time-span.js';
import type { Directive, Strictness, ValueKind } from '../../directive.js';
import { limits, natural, parseSize, SECOND } from '../../values/amounts.js';
import { INFINITY } from '../../values/bus.js';
import { type ExpectedProperties, NOTHING, scalarKind } from '../../values/scalar.js';
import { oneText } from '../../values/text.js';

/** The units that a limit counts in. */
export type LimitUnit = 'bytes' | 'count' | 'seconds' | 'microseconds' | 'nice';

const EXAMPLES: Readonly<Record<LimitUnit, string>> = {
  bytes: "a size such as '64M'",
  count: 'a number',
  seconds: "a time span such as '10min'",
  microseconds: "a time span such as '200ms'",
  nice: "a nice level such as '+5' or '-10'",
};

/** A limit, or a soft and a hard one. */
export const limit = (unit: LimitUnit): ValueKind =>
  scalarKind({
    type: 'limit',
    signature: 't',
    format: oneText(
      `${EXAMPLES[unit]}${unit === 'nice' ? '' : ", or 'infinity'"}, or two of them as soft:hard`,
      (text) => parseLimits(text, unit) !== undefined,
    ),
    expected: (text, row) => valuesOf(text, row, unit),
  });

/** Neither side may be raised. */
export const lowered = (unit: LimitUnit): Strictness =>
  limits((text) => {
    const numbers = parseLimits(text, unit);
    return numbers && { share: false, numbers };
  });

/** One side of a limit as a number in its own unit; Infinity for none, undefined if it isn't one. */
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
function parseLimits(text: string, unit: LimitUnit): [bigint | number, bigint | number] | undefined {
  const sides = text.split(':').map((side) => parseLimit(side, unit));
  const [soft, hard = soft] = sides;
  if (sides.length > 2 || soft === undefined || hard === undefined || soft > hard) return undefined;
  return sides.includes(undefined) ? undefined : [soft, hard];
}

function valuesOf(text: string, { bus }: Directive, unit: LimitUnit): ExpectedProperties {
  const parsed = parseLimits(text, unit);
  if (parsed === undefined) return NOTHING;
  const [soft, hard] = parsed.map((side) => {
    if (side === Number.POSITIVE_INFINITY) return INFINITY;
    const number = BigInt(side);
    if (unit === 'seconds') return (number + SECOND - 1n) / SECOND;
    return unit === 'microseconds' ? number / 1000n : number;
  });
  return new Map([
    [bus.property, hard],
    [`${bus.property}Soft`, soft],
  ]);
}
