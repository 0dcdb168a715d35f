import { readFileSync } from 'node:fs';
import { inRepository } from './repository.js';

/** Parts of a page by their headings; `macro` is Sh or Ss. */
export function manualParts(page: string, macro: 'Sh' | 'Ss'): Map<string, string> {
  const text = readFileSync(inRepository('man', page), 'utf8');
  const pieces = text.split(new RegExp(`^\\.${macro} `, 'm')).slice(1);
  return new Map(
    pieces.map((piece) => {
      const [heading = '', ...lines] = piece.split(/^\.S[hs] /m)[0]!.split('\n');
      return [heading, lines.join('\n')];
    }),
  );
}
