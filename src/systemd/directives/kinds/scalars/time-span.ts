import { parseSpan } from '../../../time-span.js';
import type { ValueKind, ValueReading } from '../../directive.js';
import { SECOND } from '../../values/amounts.js';
import { INFINITY } from '../../values/bus.js';
import { scalarKind } from '../../values/scalar.js';
import { reject, scalar } from '../../values/text.js';

interface Time {
  /** The unit of a number without one. */
  readonly unit: 'seconds' | 'nanoseconds';
  readonly infinity?: boolean;
  readonly atLeastSecond?: boolean;
}

/** A span of time. */
export const timeSpan = (kind: Time): ValueKind =>
  scalarKind({
    type: 'time',
    signature: 't',
    format: (reading, value) => format(reading, value, kind),
    expected: (text) => span(text, kind.unit),
  });

function format(reading: ValueReading, value: unknown, kind: Time): string[] | undefined {
  const expected = "a time span such as '90s' or '1min 30s'";
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  if (kind.infinity && text === 'infinity') return [text];
  const length = parseSpan(text, kind.unit === 'seconds' ? SECOND : 1n);
  // systemd counts spans of seconds in microseconds; 0 would be "unset".
  if (length === undefined) return reject(reading, expected, text);
  if (kind.unit === 'nanoseconds') return [text];
  if (/\d *n/.test(text)) return reject(reading, `${expected} in microseconds or longer units`, text);
  if (kind.atLeastSecond && length < SECOND) return reject(reading, `${expected} of at least 1s`, text);
  return [text];
}

/** Microseconds of a span, or nanoseconds. */
function span(text: string, unit: Time['unit']): bigint | undefined {
  if (text === 'infinity') return INFINITY;
  if (unit === 'nanoseconds') return parseSpan(text, 1n);
  const length = parseSpan(text, SECOND);
  return length === undefined ? undefined : length / 1000n;
}
