import { readdirSync, readFileSync } from 'node:fs';
import { inRepository } from './repository.js';

/** The names of all pages, sorted: `sandbox-unit.1`. */
export const manualPages = (): string[] => readdirSync(inRepository('man')).sort();

export const manualText = (page: string): string => readFileSync(inRepository('man', page), 'utf8');

/** Parts of a page by their headings; `macro` is Sh or Ss. A part of Sh has its own subsections in it. */
export function manualParts(page: string, macro: 'Sh' | 'Ss'): Map<string, string> {
  const pieces = manualText(page)
    .split(new RegExp(`^\\.${macro} `, 'm'))
    .slice(1);
  return new Map(
    pieces.map((piece) => {
      const [heading = '', ...lines] = piece.split(/^\.Sh /m)[0]!.split('\n');
      return [heading.replaceAll('\\&', ''), lines.join('\n')];
    }),
  );
}

/** Macros that a sentence may have in it: all others end it. */
const INLINE = '(?:Ap|Ar|Cm|Dv|Er|Ev|Fl|Ic|Nm|Ns|Pa|Pq|Ql|Sx|Sy|Va|Vt|Xr)';

/** The words of each sentence, synopses and examples aside. */
export function manualSentences(page: string): string[][] {
  const text = manualText(page)
    .replace(/^\.Sh SYNOPSIS$.*?(?=^\.Sh )/ms, '')
    .replaceAll(/^\.Bd.*?^\.Ed$/gms, '.Bd')
    .replaceAll(new RegExp(`^\\.(?!${INLINE}\\b).*$`, 'gm'), '');
  const isWord = (word: string) => /[a-z0-9]/i.test(word) && !new RegExp(`^\\.?${INLINE}$`).test(word);
  return text.split(/\n\n|(?<=[^.][.?!])\n/).map((sentence) => sentence.split(/\s/).filter(isWord));
}
