import { nextExecWord, wordText } from '../../src/systemd/unit/exec/word.js';

/**
 * The arguments that `rest` of a parsed command stands for, in systemd's order of doing things before it expands
 * specifiers and variables: unquoted, unescaped.
 */
export function execArguments(rest: string): string[] {
  const words: string[] = [];
  for (let at = 0; ; ) {
    const word = nextExecWord(rest, at);
    if (word === undefined || word === 'malformed') return words;
    const written = rest.slice(word.from, word.to);
    words.push(written === '\\;' ? ';' : wordText(word.pieces));
    at = word.next;
  }
}
