/** What the bus has for texts of unit files: plain forms of values, and texts without quotes and specifiers. */

import { errnoNumber } from '../../syscalls/errno.js';

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

/** SECCOMP_ERROR_NUMBER_KILL of systemd, what the bus has for `SystemCallErrorNumber=kill` since 247. */
const KILL_NUMBER = 2 ** 31 - 2;

/** SystemCallErrorNumber= on the bus. */
export const errorNumber = (text: string): number =>
  text === 'kill' ? KILL_NUMBER : (errnoNumber(text) ?? Number(text));

/** The highest number of 64 bits: "no limit". */
export const INFINITY = 2n ** 64n - 1n;

export const bytesOfBase64 = (text: string): number[] =>
  Array.from(atob(text), (character) => character.charCodeAt(0));
