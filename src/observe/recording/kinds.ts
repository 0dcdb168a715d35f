/** Kinds of evidence, and which of them a table of a recording holds. */

/** Kinds of evidence. */
export const KINDS = [
  'arguments',
  'calls',
  'capabilities',
  'fork-flags',
  'modes',
  'paths',
  'peers',
  'programs',
  'refused',
] as const;
export type Kind = (typeof KINDS)[number];

/** Tables, by the names under which losses and blind spots are recorded. */
const HELD: ReadonlyMap<string, readonly Kind[]> = new Map<string, readonly Kind[]>([
  ['arguments', ['arguments']],
  ['calls', ['calls']],
  ['numbers', ['calls']],
  ['capabilities', ['capabilities']],
  ['events', []],
  ['forkFlags', ['fork-flags']],
  ['leavers', [...KINDS]],
  ['memory', ['arguments', 'paths', 'peers']],
  ['modes', ['modes']],
  ['paths', ['paths']],
  ['peers', ['peers']],
  ['programs', ['programs']],
  ['marks', ['refused']],
  ['refused', ['refused']],
  // Whether io_uring was used at all, a call tells.
  ['ringOperations', []],
]);

/** Tables by whose losses a call that failed by itself looks as if a filter had refused it. */
const LIKE_REFUSED: readonly string[] = ['marks', 'misses'];

/** Whether all refused calls of a recording, or of several, were surely refused. */
export const isSurelyRefused = (lost: Readonly<Record<string, number>>): boolean =>
  !LIKE_REFUSED.some((table) => (lost[table] ?? 0) > 0);

/** The kinds of evidence that suffer where a table lacks something; all where its name isn't known. */
export const kindsIn = (table: string): readonly Kind[] => HELD.get(table) ?? KINDS;
