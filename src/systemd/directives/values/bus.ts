/** Values of the bus for texts of unit files: plain forms of values, and texts without quotes and specifiers. */

import type { UnitProperty } from '../../unit/unit-property.js';
import type { BusProperty, WriteDirective } from '../directive.js';

/** Numbers of 32 bits are no bigint to dbus-next. */
export const property = (
  { property: name, signature, write }: BusProperty,
  value: unknown,
): UnitProperty => ({
  name,
  signature: write ?? signature,
  value: typeof value === 'bigint' && signature !== 't' ? Number(value) : value,
});

/** The last right-hand side as it is. */
export const writeText: WriteDirective = ({ bus }, values) => [property(bus, values.at(-1)!)];

/** The last right-hand side without specifiers. */
export const writePlain: WriteDirective = ({ bus }, values) => {
  const text = withoutSpecifiers(values.at(-1)!);
  return text === undefined ? undefined : [property(bus, text)];
};

/** A value of the bus, or one to compare with it, as a text that is the same for equal values. */
export const canonical = (value: unknown): string => JSON.stringify(plain(value));

function plain(value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (Array.isArray(value) || value instanceof Uint8Array) return Array.from(value as unknown[], plain);
  return value;
}

/** `%%` as `%`; undefined where the manager puts something in a specifier's place. */
export function withoutSpecifiers(text: string): string | undefined {
  return /%/.test(text.replaceAll('%%', '')) ? undefined : text.replaceAll('%%', '%');
}

/** The words of a right-hand side that is read with its quotes taken off and its backslashes left. */
export const keepBackslashes = (text: string): string => text.replaceAll('\\', '\\\\');

/** The numbers of the bits that are set, the lowest first. */
export function bitsOf(value: unknown): number[] {
  const found: number[] = [];
  const bits = BigInt(value as bigint | number);
  for (let bit = 0; bit < 64; bit++) if ((bits >> BigInt(bit)) & 1n) found.push(bit);
  return found;
}

/** The highest number of 64 bits: "no limit". */
export const INFINITY = 2n ** 64n - 1n;

export const bytesOfBase64 = (text: string): number[] =>
  Array.from(atob(text), (character) => character.charCodeAt(0));

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const isBase64 = (text: string): boolean => text !== '' && BASE64.test(text);
