/** Answers of the manager as busctl(1) prints them in JSON, as the values that they are on the bus. */
import { EXIT, error, UserError } from '../../diagnostic.js';
import { typesIn } from '../bus/marshalled.js';

/** A value of any type, and its type: as dbus-next has it. */
export interface BusVariant {
  readonly signature: string;
  readonly value: unknown;
}

const unexpected = () =>
  new UserError(
    error('bad-file', "an answer of the service manager is not in busctl's format"),
    EXIT.failure,
  );

/** The begin of a string, and numbers. */
const SCALAR = /"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Numbers that a double may not hold. */
const LONG = /^-?\d{16,}$/;

/** The most containers inside of each other, as in a message on the bus (D-Bus Specification, "Valid Signatures"). */
const MAX_DEPTH = 64;

/**
 * The values of a reply.
 * @param text `{"type":SIGNATURE,"data":[…]}`
 * @throws UserError `bad-file`
 */
export function busAnswer(text: string): readonly unknown[] {
  const { signature, data } = typedOf(exact(text));
  if (!Array.isArray(data)) throw unexpected();
  const types = splitTypes(signature);
  if (types.length !== data.length) throw unexpected();
  return types.map((type, i) => typedValue(type, data[i]));
}

/** The value of a text of JSON, with long numbers as strings. */
function exact(text: string): unknown {
  const plain = parsed(text);
  return /\d{16}/.test(text) ? parsed(withLongNumbersQuoted(text)) : plain;
}

/** @param text JSON: each string in it has an end */
function withLongNumbersQuoted(text: string): string {
  const pieces: string[] = [];
  let done = 0;
  const scalar = new RegExp(SCALAR);
  for (let found = scalar.exec(text); found; found = scalar.exec(text)) {
    const [match] = found;
    if (match === '"') scalar.lastIndex = endOfString(text, found.index);
    else if (LONG.test(match)) {
      pieces.push(text.slice(done, found.index), `"${match}"`);
      done = scalar.lastIndex;
    }
  }
  return [...pieces, text.slice(done)].join('');
}

/** The place behind a string that begins at a place. */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw unexpected();
    throw cause;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function typedOf(value: unknown): { readonly signature: string; readonly data: unknown } {
  if (!isObject(value) || typeof value.type !== 'string' || value.type.length > 255) throw unexpected();
  return { signature: value.type, data: value.data };
}

function splitTypes(signature: string): readonly string[] {
  try {
    return typesIn(signature);
  } catch (cause) {
    if (cause instanceof RangeError) throw unexpected();
    throw cause;
  }
}

/** A value of a complete type: 64-bit numbers are bigint, structs and arrays are arrays, dictionaries are objects. */
function typedValue(type: string, data: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw unexpected();
  const inner = type.slice(1, -1);
  if (type === 'v') {
    const { signature, data: value } = typedOf(data);
    if (splitTypes(signature).length !== 1) throw unexpected();
    return { signature, value: typedValue(signature, value, depth + 1) } satisfies BusVariant;
  }
  if (type.startsWith('a{')) return dictionary(splitTypes(type.slice(2, -1)), data, depth);
  if (type.startsWith('a')) return listOf(data).map((one) => typedValue(type.slice(1), one, depth + 1));
  if (type.startsWith('(')) {
    const types = splitTypes(inner);
    const values = listOf(data);
    if (types.length !== values.length) throw unexpected();
    return types.map((one, i) => typedValue(one, values[i], depth + 1));
  }
  return basic(type, data);
}

function dictionary(
  [, type = '']: readonly string[],
  data: unknown,
  depth: number,
): Readonly<Record<string, unknown>> {
  if (!isObject(data)) throw unexpected();
  // fromEntries() makes a property of each key, `__proto__` too.
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, typedValue(type, value, depth + 1)]),
  );
}

function listOf(data: unknown): readonly unknown[] {
  if (!Array.isArray(data)) throw unexpected();
  return data;
}

const BIG = /^-?\d{1,20}$/;

function basic(type: string, data: unknown): unknown {
  if ('sog'.includes(type) && typeof data === 'string') return data;
  if (type === 'b' && typeof data === 'boolean') return data;
  if ('tx'.includes(type) && (Number.isSafeInteger(data) || (typeof data === 'string' && BIG.test(data))))
    return BigInt(data as number | string);
  if ('ynqiuhd'.includes(type) && typeof data === 'number') return data;
  throw unexpected();
}
