import type { Recording } from './recording.js';

/** The keys of a recording, in the order in which they are written. */
const KEYS = [
  ...(['version', 'unit', 'scope', 'host', 'begin', 'end', 'truncated', 'slice', 'slices', 'lives'] as const),
  ...(['events', 'lost', 'blind', 'programs', 'calls', 'refused', 'arguments', 'paths', 'peers'] as const),
  ...(['capabilities', 'forkFlags', 'modes', 'ringOperations'] as const),
] satisfies readonly (keyof Recording)[];

/** Lists whose order says nothing. `events` are in time, and calls have indices of `programs`. */
const SORTED: ReadonlySet<keyof Recording> = new Set([
  ...(['blind', 'calls', 'refused', 'arguments', 'paths', 'peers', 'capabilities'] as const),
  ...(['forkFlags', 'modes', 'ringOperations'] as const),
]);

/**
 * A recording as it is stored, a line an element: schemas/recording.json. The order of keys, and of elements where it says
 * nothing, is always the same.
 */
export function formatRecording(recording: Recording): Uint8Array {
  const parts = KEYS.map((key) => `${JSON.stringify(key)}:${valueText(key, recording[key])}`);
  return new TextEncoder().encode(`{${parts.join(',\n')}}\n`);
}

function valueText(key: keyof Recording, value: unknown): string {
  if (!Array.isArray(value)) return JSON.stringify(inOrder(value));
  const lines = value.map((one) => JSON.stringify(inOrder(one)));
  const isNumbers = value.every((one) => typeof one !== 'object');
  if (SORTED.has(key)) lines.sort(isNumbers ? byNumber : undefined);
  return isNumbers ? `[${lines.join(',')}]` : `[\n${lines.join(',\n')}\n]`;
}

/** By number, and texts by their characters. */
const byNumber = (a: string, b: string): number => Number(a) - Number(b) || (a < b ? -1 : Number(a > b));

/** Keys by these first, then in alphabetical order. */
const FIRST = ['architecture', 'name', 'number', 'path', 'use', 'what'];

/** A value whose objects have their keys in order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const rank = (key: string) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  entries.sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, inOrder(one)]));
}
