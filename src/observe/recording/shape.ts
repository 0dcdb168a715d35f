/** Shapes of JSON from outside: a check takes a value to its type, or throws with the place that is wrong. */
import { printable } from '../../diagnostic.js';

/** Thrown by checks, with the place, as `calls[3].count` or empty for the whole, and the words for what belongs there. */
export class Misshapen extends Error {
  constructor(place: string, wanted: string) {
    super(`${place === '' ? 'the content' : place} must be ${wanted}`);
  }
}

export type Check<T> = (value: unknown, place: string) => T;
type Checks<T> = { readonly [K in keyof T]: Check<T[K]> };

/** Words about a value that breaks a rule; undefined for one that keeps it. */
type ValueRule<T> = (value: T) => string | undefined;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const below = (place: string, key: string): string =>
  place === '' ? printable(key, 40) : `${place}.${printable(key, 40)}`;

/** An object of these keys and no others; its keys come in this order, those that may be missing last. */
export const object =
  <R, O = unknown>(required: Checks<R>, optional: Checks<O> = {} as Checks<O>): Check<R & Partial<O>> =>
  (value, place) => {
    if (!isObject(value)) throw new Misshapen(place, 'an object');
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(required, key) && !Object.hasOwn(optional, key))
        throw new Misshapen(below(place, key), 'left out: no such key is known');
    }
    const checks: [string, Check<unknown>][] = Object.entries({ ...required, ...optional });
    const there = checks.filter(([key]) => Object.hasOwn(required, key) || Object.hasOwn(value, key));
    return Object.fromEntries(
      there.map(([key, check]) => [
        key,
        check(Object.hasOwn(value, key) ? value[key] : undefined, below(place, key)),
      ]),
    ) as R & Partial<O>;
  };

/** @param most the most elements */
export const list =
  <T>(element: Check<T>, most: number): Check<readonly T[]> =>
  (value, place) => {
    if (!Array.isArray(value)) throw new Misshapen(place, 'a list');
    if (value.length > most) throw new Misshapen(place, `a list of at most ${most} elements`);
    return value.map((one, i) => element(one, `${place}[${i}]`));
  };

/** An object whose keys aren't fixed. */
export const dictionary =
  <T>(keys: RegExp, element: Check<T>, most: number): Check<Readonly<Record<string, T>>> =>
  (value, place) => {
    if (!isObject(value)) throw new Misshapen(place, 'an object');
    const entries = Object.entries(value);
    if (entries.length > most) throw new Misshapen(place, `an object of at most ${most} keys`);
    const wrong = entries.find(([key]) => !keys.test(key));
    if (wrong) throw new Misshapen(below(place, wrong[0]), 'left out: it is not a valid key');
    return Object.fromEntries(entries.map(([key, one]) => [key, element(one, below(place, key))]));
  };

/** Half a character: JSON can have it, and no file. */
const HALF = /\p{Cs}/u;

/** @param wanted words for what the pattern takes */
export const text =
  (pattern: RegExp, wanted: string): Check<string> =>
  (value, place) => {
    if (typeof value !== 'string' || !pattern.test(value) || HALF.test(value))
      throw new Misshapen(place, wanted);
    return value;
  };

/** A whole number, not negative. */
export const whole =
  (most: number = Number.MAX_SAFE_INTEGER, least = 0): Check<number> =>
  (value, place) => {
    const fits = Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
    if (!fits) throw new Misshapen(place, `a whole number from ${least} to ${most}`);
    return value as number;
  };

/** A number with or without a fraction, not negative. */
export const amount =
  (most: number): Check<number> =>
  (value, place) => {
    if (typeof value !== 'number' || !(value >= 0 && value <= most))
      throw new Misshapen(place, `a number from 0 to ${most}`);
    return value;
  };

export const flag: Check<boolean> = (value, place) => {
  if (typeof value !== 'boolean') throw new Misshapen(place, 'true or false');
  return value;
};

export const oneOf =
  <const T extends string | number>(values: readonly T[]): Check<T> =>
  (value, place) => {
    const found = values.find((one) => one === value);
    if (found === undefined) throw new Misshapen(place, `one of ${values.join(', ')}`);
    return found;
  };

export const nullable =
  <T>(check: Check<T>): Check<T | null> =>
  (value, place) =>
    value === null ? null : check(value, place);

/** The first check that a value passes decides; the error is the last one's. */
export const either =
  <A, B>(first: Check<A>, second: Check<B>): Check<A | B> =>
  (value, place) => {
    try {
      return first(value, place);
    } catch (cause) {
      if (!(cause instanceof Misshapen)) throw cause;
      return second(value, place);
    }
  };

/** A check with a further rule, which says what the value must be. */
export const that =
  <T>(check: Check<T>, rule: ValueRule<T>): Check<T> =>
  (value, place) => {
    const checked = check(value, place);
    const wanted = rule(checked);
    if (wanted !== undefined) throw new Misshapen(place, wanted);
    return checked;
  };

/** A list in which nothing is twice. */
export const distinct = <T>(element: Check<T>, most: number): Check<readonly T[]> =>
  that(list(element, most), (values) =>
    new Set(values).size === values.length ? undefined : 'a list without repetition',
  );

/** The value of a JSON text. @throws Misshapen where it is none */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Misshapen('', 'JSON in UTF-8');
  }
}
