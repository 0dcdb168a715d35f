/** A property of a transient unit, for the manager's StartTransientUnit(). */
export interface UnitProperty {
  readonly name: string;
  /** The D-Bus type: `a(ss)`. */
  readonly signature: string;
  /** The value: structs are arrays, 64-bit numbers may be bigint, bytes are numbers. */
  readonly value: unknown;
}

export const property = (name: string, signature: string, value: unknown): UnitProperty => ({
  name,
  signature,
  value,
});

/** A word of a command line in which the manager expands no variable. */
export const literalWord = (word: string): string => word.replaceAll('$', '$$$$');

/** ExecStart= with one command. @param words an absolute path and its arguments, as plain text */
export const execStart = (words: readonly string[]): UnitProperty =>
  property('ExecStart', 'a(sasb)', [[words[0], words.map(literalWord), false]]);
