/** Paths, and what is mounted, created or hidden at them. */

import {
  absolutePath,
  each,
  isPlainField,
  quoteWord,
  type Reading,
  reject,
  relativePath,
  scalar,
  words,
} from './text.js';

export function path(
  reading: Reading,
  value: unknown,
  kind: { specifiers: boolean; word?: string; dash?: boolean },
): string[] | undefined {
  const text = scalar(reading, value, 'an absolute path');
  if (text === undefined) return undefined;
  const dash = kind.dash && text.startsWith('-') ? '-' : '';
  const rest = text.slice(dash.length);
  if (rest === kind.word) return [text];
  const checked = absolutePath(reading, rest, kind.specifiers);
  return checked === undefined ? undefined : [dash + checked];
}

/** Paths with `-` (may be missing) and `+` (below the new root) in front, in this order. */
export function paths(
  reading: Reading,
  value: unknown,
  kind: { plus: boolean; bare?: true },
): string[] | undefined {
  const shape = kind.bare ? /^/ : kind.plus ? /^-?\+?/ : /^-?/;
  const list = each(words(reading, value, 'absolute paths'), (word) => {
    const prefix = shape.exec(word)![0];
    const checked = absolutePath(reading, word.slice(prefix.length));
    return checked === undefined ? undefined : quoteWord(prefix + checked);
  });
  return list && [list.join(' ')];
}

/** Paths with colons between them, which nothing escapes. */
export function searchPath(reading: Reading, value: unknown): string[] | undefined {
  const source = typeof value === 'string' && value !== '' ? value.split(':') : value;
  const list = each(words(reading, source === '' ? [] : source, 'absolute paths'), (word) => {
    if (!isPlainField(word)) return reject(reading, "paths without ':', quotes and '\\'", word);
    return absolutePath(reading, word);
  });
  return list && [list.join(':')];
}

/** Splits at colons; `\:` is a colon and `\\` a backslash. Undefined where another letter follows a backslash. */
export function fieldsOf(text: string): string[] | undefined {
  if (/\\(?![:\\])/.test(text.replace(/\\\\/g, ''))) return undefined;
  const fields = text.match(/(?:^|:)(?:\\.|[^:\\])*/g) ?? [];
  return fields.map((field) => field.replace(/^:/, '').replace(/\\(.)/g, '$1'));
}

/** `SOURCE[:DESTINATION[:rbind|norbind]]`, as BindPaths= takes it. */
export function binds(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'SOURCE[:DESTINATION[:rbind|norbind]]';
  const source = typeof value === 'string' ? value.split(/[ \t]+/).filter((word) => word !== '') : value;
  const list = each(words(reading, source, expected), (word) => {
    const fields = fieldsOf(word);
    const [from, to, option] = fields ?? [];
    if (fields === undefined || fields.length > 3 || from === undefined || to === '') {
      return reject(reading, expected, word, "write '\\:' for a colon in a path");
    }
    if (option !== undefined && option !== 'rbind' && option !== 'norbind') {
      return reject(reading, expected, word);
    }
    if ([from, to ?? ''].some((end) => end.includes('"') && end.includes("'"))) {
      return reject(reading, `${expected} without both kinds of quotes in one path`, word);
    }
    const dash = from.startsWith('-') ? '-' : '';
    const ends = each([from.slice(dash.length), ...(to === undefined ? [] : [to])], (end) =>
      absolutePath(reading, end),
    );
    if (ends === undefined) return undefined;
    const [first, ...rest] = ends.map(quoteField);
    return [dash === '' ? first : quoteField(dash + ends[0]!), ...rest, ...(option ? [option] : [])].join(
      ':',
    );
  });
  return list && [list.join(' ')];
}

/**
 * A field of a word with colons in it. Older systemd takes quotes and backslashes off each field, newer first the quotes
 * off the word and then the backslashes off the fields: this reads the same to both.
 */
function quoteField(text: string): string {
  const escaped = text.replace(/[\\:]/g, '\\$&');
  if (!/[\s"']/.test(text)) return escaped;
  return text.includes('"') ? `'${escaped}'` : `"${escaped}"`;
}

/** Mount options: no quotes, spaces or backslashes; a percent sign stands for itself. */
export const isOptions = (text: string) => /^[A-Za-z0-9_.,=%+@/-]+$/.test(text);

/** `PATH[:OPTIONS]`, as TemporaryFileSystem= takes it. */
export function tmpfs(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'PATH[:OPTIONS]';
  const list = each(words(reading, value, expected), (word) => {
    const [where = '', options, ...more] = word.split(':');
    if (more.length > 0 || !isPlainField(where) || (options !== undefined && !isOptions(options))) {
      return reject(reading, `${expected} without quotes and '\\', options with ',' between them`, word);
    }
    const checked = absolutePath(reading, where);
    if (checked === undefined) return undefined;
    return quoteWord(options === undefined ? checked : `${checked}:${options}`);
  });
  return list && [list.join(' ')];
}

/** `NAME[:SYMLINK][:ro]` below a fixed directory, as StateDirectory= takes it. */
export function directories(
  reading: Reading,
  value: unknown,
  kind: { symlink: boolean },
): string[] | undefined {
  const expected = kind.symlink ? 'NAME, NAME:SYMLINK or NAME::ro' : 'NAME or NAME::ro';
  const list = each(words(reading, value, expected), (word) => {
    const [directory = '', symlink, flag, ...more] = word.split(':');
    const good = /^[^"'\\]*$/.test(word) && more.length === 0 && (flag === undefined || flag === 'ro');
    if (!good || (symlink && !kind.symlink) || (symlink === '' && flag === undefined)) {
      return reject(reading, expected, word);
    }
    const ends = each([directory, ...(symlink ? [symlink] : [])], (end) => relativePath(reading, end));
    if (ends === undefined) return undefined;
    if (/^private(\/|$)/.test(ends[0]!)) return reject(reading, "a name other than 'private'", word);
    if (symlink) reading.needs.push({ since: 251, what: 'a symbolic link after the name' });
    if (flag) reading.needs.push({ since: 257, what: "the flag 'ro'" });
    return quoteWord([ends[0], ...(flag ? [ends[1] ?? '', flag] : ends.slice(1))].join(':'));
  });
  return list && [list.join(' ')];
}
