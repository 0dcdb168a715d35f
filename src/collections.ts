/** The first of some names, and how many more there are. @param most how many are named */
export const shortList = (names: readonly string[], most = 5): string =>
  names.length > most
    ? `${names.slice(0, most).join(', ')} and ${names.length - most} more`
    : names.join(', ');

/** The elements grouped by a key; keys and elements stay in the order in which they come. */
export function groupBy<T, K>(elements: Iterable<T>, keyOf: (element: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const element of elements) {
    const key = keyOf(element);
    const group = groups.get(key);
    if (group) group.push(element);
    else groups.set(key, [element]);
  }
  return groups;
}

/**
 * Runs a step on each element, `size` of them at a time.
 * @returns the results, in the elements' order
 */
export async function inBatches<T, U>(
  elements: readonly T[],
  size: number,
  step: (element: T) => Promise<U>,
): Promise<U[]> {
  const done: U[] = [];
  for (let i = 0; i < elements.length; i += size) {
    done.push(...(await Promise.all(elements.slice(i, i + size).map(step))));
  }
  return done;
}

/**
 * Runs a step on each element, at most `most` at a time: one that takes long holds up no other where there is room.
 * @returns the results, in the elements' order
 */
export async function mostAtOnce<T, U>(
  elements: readonly T[],
  most: number,
  step: (element: T) => Promise<U>,
): Promise<U[]> {
  const done: U[] = [];
  const rest = elements.entries();
  const work = async () => {
    for (const [i, element] of rest) done[i] = await step(element);
  };
  await Promise.all(Array.from({ length: Math.min(most, elements.length) }, work));
  return done;
}

/** Makes a function that learns about a key once. */
export function remember<K, T>(learn: (key: K) => T): (key: K) => T {
  const known = new Map<K, T>();
  return (key) => {
    if (!known.has(key)) known.set(key, learn(key));
    return known.get(key)!;
  };
}

/** Base64 with padding (RFC 4648). */
export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/** The bytes of a Base64 text; undefined if it is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Bytes in hex, two digits each. */
export const toHex = (bytes: Iterable<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export const isSameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** A value that is made when it is asked for first. */
export function lazily<T>(make: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: make() };
    return known.value;
  };
}

/** A function that learns something when it is first called, and keeps it. */
export function once<T>(learn: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= learn();
    return known;
  };
}
