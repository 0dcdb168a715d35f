/** Small numbers for texts of any length. */

/**
 * Longest text that is a key. V8 takes the length of a text of more than 16,383 characters for its hash, so that many
 * such keys of a Map are slow.
 */
const PIECE = 8192;

/** Creates a function that gives equal texts equal numbers, from 0 on. */
export function createNumbering(): (text: string) => number {
  const known = new Map<string, number>();
  const number = (key: string) => {
    const found = known.get(key) ?? known.size;
    known.set(key, found);
    return found;
  };
  return (text) => {
    if (text.length <= PIECE) return number(`=${text}`);
    const pieces = Array.from({ length: Math.ceil(text.length / PIECE) }, (_, i) =>
      number(`=${text.slice(i * PIECE, (i + 1) * PIECE)}`),
    );
    return pieces.reduce((before, piece) => number(`${before} ${piece}`));
  };
}
