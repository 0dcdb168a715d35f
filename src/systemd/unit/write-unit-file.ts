import { stringify } from 'ini';
import { error, printable, UserError } from '../../diagnostic.js';
import { strip, UNREADABLE } from './exec/word.js';

/** An assignment to be written. */
export interface NewAssignment {
  readonly key: string;
  /** The value as it stands after `=`; the caller has quoted it. */
  readonly value: string;
  /** The text of a comment line above. */
  readonly comment?: string;
}

export interface NewSection {
  readonly section: string;
  readonly entries: readonly NewAssignment[];
}

const NAME = /^[A-Za-z][A-Za-z0-9-]*$/;
/** LONG_LINE_MAX of systemd, which accepts only shorter lines. */
const LINE_LIMIT = 1024 * 1024;

/**
 * The text of a unit file or drop-in: comment lines, then the sections with their entries in the given order. A section
 * without entries is left out. Comments of entries are shortened, those of the header aren't.
 * @throws UserError `policy-value`, as assertWritable()
 */
export function writeUnitFile(sections: readonly NewSection[], header: readonly string[]): string {
  const entries = sections.flatMap(({ section, entries }) => entries.map((entry) => ({ section, ...entry })));
  for (const entry of entries) assertWritable(entry);
  let count = 0;
  const skeleton = sections.map(({ entries }, i) => [
    `s${i}`,
    Object.fromEntries(entries.map(() => [`k${count}`, `v${count++}`])),
  ]);
  // The `ini` package quotes and escapes in its own way, which isn't systemd's: a token stands for every name and
  // value.
  const options = { bracketedArray: false, whitespace: false, platform: 'linux' };
  const body = stringify(Object.fromEntries(skeleton), options)
    .replace(/^\[s(\d+)\]$/gm, (_, i) => `[${sections[Number(i)]!.section}]`)
    .replace(/^k(\d+)=v\d+$/gm, (_, i) => lineOf(entries[Number(i)]!));
  const comments = header.map((line) => `${comment(line, Number.POSITIVE_INFINITY)}\n`).join('');
  return comments === '' || body === '' ? comments + body : `${comments}\n${body}`;
}

const lineOf = (entry: NewAssignment) =>
  `${entry.comment === undefined ? '' : `${comment(entry.comment)}\n`}${entry.key}=${entry.value}`;

/**
 * A comment of one line, whatever the text. systemd before 240 takes a backslash at the end of a comment for a
 * continuation.
 */
const comment = (text: string, limit?: number) =>
  strip(`# ${printable(text, limit)}`.replace(/\\(?=\\*$)/g, '/'));

/**
 * @throws UserError `policy-value` for a name or value that systemd would not read back as it is. Such values have
 *   line breaks, NUL, a backslash that continues the line, white space at the ends, 1 MiB or more, or aren't UTF-8
 */
export function assertWritable({ section, key, value }: NewAssignment & { readonly section: string }): void {
  const fail = (why: string) => {
    const where = `${printable(section, 40)}.${printable(key, 40)}`;
    throw new UserError(error('policy-value', `can't write '${where}=${printable(value, 60)}': ${why}`));
  };
  if (!NAME.test(section) || !NAME.test(key)) fail('a name has letters, digits and - only');
  if (/[\n\r\0]/.test(value)) fail('a value is one line without NUL');
  if (UNREADABLE.test(value)) fail('systemd does not take it for UTF-8');
  if (strip(value) !== value) fail('systemd removes white space at both ends');
  if (/(?<!\\)(?:\\\\)*\\$/.test(value)) fail('a backslash at the end joins the next line to this one');
  if (new TextEncoder().encode(`${key}=${value}`).length >= LINE_LIMIT) fail('a line is shorter than 1 MiB');
}
