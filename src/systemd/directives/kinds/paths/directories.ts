import { allWords, covers, pathsOf, wordsOf } from '../../../unit/values.js';
import type { Strictness, ValueKind, ValueReading } from '../../directive.js';
import { withoutSpecifiers } from '../../values/bus.js';
import { closedBy, opens, readOnly } from '../../values/closed-paths.js';
import { listKind, plainWords, writeByFields } from '../../values/list.js';
import { gives } from '../../values/strictness.js';
import { each, joinWords, quoteWord, reject, relativePath } from '../../values/text.js';

interface Directories {
  /** The directory that they are below. */
  readonly base: string;
  /** A second name may follow the directory's. */
  readonly symlink: boolean;
}

/** `NAME[:SYMLINK][:ro]` below a fixed directory, as StateDirectory= takes it. */
export const directories = ({ base, symlink }: Directories): ValueKind =>
  listKind({
    type: 'directories',
    signature: 'as',
    base,
    format: (reading, value) => {
      const expected = symlink ? 'NAME, NAME:SYMLINK or NAME::ro' : 'NAME or NAME::ro';
      return joinWords(reading, value, expected, (word) => formatWord(reading, word, symlink, expected));
    },
    elements: (text) => plainWords(text, (word) => word.split(':')[0]),
    write: (row, values) =>
      writeByFields(row, values.flatMap(wordsOf).map(withoutSpecifiers), ([name, link = '', flags]) => [
        name,
        link,
        flags === 'ro' ? 1 : 0,
      ]),
  });

function formatWord(reading: ValueReading, word: string, mayLink: boolean, expected: string) {
  const [directory = '', symlink, flag, ...more] = word.split(':');
  const good = /^[^"'\\]*$/.test(word) && more.length === 0 && (flag === undefined || flag === 'ro');
  if (!good || (symlink && !mayLink) || (symlink === '' && flag === undefined)) {
    return reject(reading, expected, word);
  }
  const ends = each([directory, ...(symlink ? [symlink] : [])], (end) => relativePath(reading, end));
  if (ends === undefined) return undefined;
  if (/^private(\/|$)/.test(ends[0]!)) return reject(reading, "a name other than 'private'", word);
  if (symlink) reading.needs.push({ since: 251, what: 'a symbolic link after the name' });
  if (flag) reading.needs.push({ since: 257, what: "the flag 'ro'" });
  return quoteWord([ends[0], ...(flag ? [ends[1] ?? '', flag] : ends.slice(1))].join(':'));
}

/**
 * StateDirectory= and the like: each is a path that the service may write to. A reset takes away directories that the
 * service counts on, and nothing that confines it.
 */
export const WRITABLE_DIRECTORIES: Strictness = gives(({ row, before, after, unit }) => {
  const pathOf = (word: string) => `${row.kind.base ?? ''}/${word.split(':')[0]!}`;
  const own = [...allWords(before).map(pathOf), ...pathsOf(unit, 'ReadWritePaths')];
  for (const word of allWords(after).filter((entry) => !entry.endsWith(':ro'))) {
    const path = pathOf(word);
    const by = own.some((above) => covers(above, path)) ? undefined : closedBy(readOnly(unit), path);
    if (by !== undefined) return opens(path, by);
  }
  return undefined;
});
