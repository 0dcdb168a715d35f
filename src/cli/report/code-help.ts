/** The entry of a diagnostic's code, for a terminal. */
import type { Entries } from '../../codes/entry.js';
import { SUBJECTS } from '../../codes/subjects.js';
import { type Diagnostic, didYouMean, error, printable } from '../../diagnostic.js';

/** The longest line, in characters. */
const WIDTH = 80;

/**
 * The cause of a diagnostic and the way out, by its code.
 * @param asked a code, also as it is printed (`error[no-unit]:`), or what may be meant for one
 * @param others names that might be meant, too
 * @returns an error `usage` where it is none
 */
export function codeHelp(asked: string, others: readonly string[]): string | Diagnostic {
  const word = asked.replace(/^\w+\[(.+?)\]:?$/, '$1');
  const entries = new Map(SUBJECTS.flatMap((subject) => Object.entries<Entries[string]>(subject.entries)));
  const entry = entries.get(word);
  if (typeof entry === 'string') return lines(entry);
  if (entry) return `${lines(entry.cause)}\n${lines(`Way out: ${entry.wayOut}`)}`;
  const hint = didYouMean(word, [...entries.keys(), ...others]) ?? "see 'sandbox-unit --help'";
  return error('usage', `'${printable(word, 80)}' is neither a command nor the code of a message`, { hint });
}

/** Text in lines that break between words. Commands are in quotes, as in messages. */
const lines = (text: string): string =>
  text.replaceAll('`', "'").replaceAll(new RegExp(`(.{1,${WIDTH}})(?: |$)`, 'g'), '$1\n');
