/** Booleans, words out of closed tables, and names of users and other things. */

import { didYouMean } from '../../diagnostic.js';
import { parseBoolean } from '../../unit/boolean.js';
import { plain } from '../../unit/values.js';
import type { EnumValue } from '../own-kinds.js';
import type { NameShape } from '../row.js';
import { checkSpecifiers, each, type Reading, reject, scalar, words } from './text.js';

/** Whether a word is one of the table's; notes what it needs of systemd. */
export function checkWord(reading: Reading, text: string, table: readonly EnumValue[]): boolean {
  const found = table.find((entry) => entry.value === text);
  if (found?.since !== undefined) reading.needs.push({ since: found.since, what: `the value '${text}'` });
  return found !== undefined;
}

/** TOML's boolean, or a text that systemd reads as one. */
export const isBoolean = (value: unknown): boolean =>
  typeof value === 'boolean' || (typeof value === 'string' && parseBoolean(value) !== undefined);

export const boolean = (reading: Reading, value: unknown): string[] | undefined =>
  isBoolean(value) ? [plain(String(value))] : reject(reading, 'true or false', value);

export function enumeration(
  reading: Reading,
  value: unknown,
  kind: { values: readonly EnumValue[]; boolean?: boolean; suffix?: { after: string } },
): string[] | undefined {
  if (kind.boolean && isBoolean(value)) return boolean(reading, value);
  const names = kind.values.map((entry) => entry.value);
  const words = names.length === 1 ? `'${names[0]}'` : `one of ${names.join(', ')}`;
  const expected = `${kind.boolean ? 'true, false or ' : ''}${words}`;
  const text = scalar(reading, value, expected);
  if (text === undefined || checkWord(reading, text, kind.values)) return text === undefined ? text : [text];
  if (kind.suffix && text.startsWith(`${kind.suffix.after}:`)) {
    checkWord(reading, kind.suffix.after, kind.values);
    return hostname(reading, text.slice(kind.suffix.after.length + 1)) ? [text] : undefined;
  }
  return reject(reading, expected, text, didYouMean(text, names));
}

/** A host name as systemd's hostname_is_valid() takes it, or one with specifiers. */
function hostname(reading: Reading, text: string): boolean {
  const labels = text.replace(/%[a-zA-Z%]/g, 'x').split('.');
  const good =
    text.length <= 64 && labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?$/.test(label));
  if (!good) reject(reading, 'a host name after the colon', text);
  return good && checkSpecifiers(reading, text);
}

/** Words of a closed table, each once, in one assignment. */
export function closedWords(
  reading: Reading,
  value: unknown,
  kind: { of: readonly string[]; boolean?: boolean },
): string[] | undefined {
  if (kind.boolean && isBoolean(value)) return boolean(reading, value);
  const expected = `${kind.boolean ? 'true, false or ' : ''}some of ${kind.of.join(', ')}`;
  const list = each(words(reading, value, expected), (word) =>
    kind.of.includes(word) ? word : reject(reading, expected, word, didYouMean(word, kind.of)),
  );
  return list && [list.join(' ')];
}

/** A user or group by name or number; systemd drops the rest of the file after a bad one. */
function isUserName(text: string): boolean {
  if (/^\d+$/.test(text))
    return (
      /^(0|[1-9]\d{0,9})$/.test(text) &&
      ![65535, 4294967295].includes(Number(text)) &&
      Number(text) < 4294967295
    );
  return /^[A-Za-z_][A-Za-z0-9_.@-]*\$?$/.test(text) && text.length <= 256;
}

const userName = (reading: Reading, text: string): string | undefined => {
  if (!checkSpecifiers(reading, text)) return undefined;
  // What a specifier stands for is for the manager to know: here it counts as a letter.
  const name = text.replace(/%[a-zA-Z%]/g, 'x');
  return isUserName(name) ? text : reject(reading, 'the name or number of a user or group', text);
};

export function user(reading: Reading, value: unknown): string[] | undefined {
  const text = scalar(reading, value, 'the name or number of a user or group');
  const name = text === undefined ? undefined : userName(reading, text);
  return name === undefined ? undefined : [name];
}

export function groups(reading: Reading, value: unknown): string[] | undefined {
  const list = each(words(reading, value, 'names or numbers of groups'), (word) => userName(reading, word));
  return list && [list.join(' ')];
}

const isFileName = (text: string) =>
  /^[A-Za-z0-9_@%+,=][A-Za-z0-9_.@%+,=-]*$/.test(text) && text.length <= 255;

/** Names of other things: what each may look like is what systemd accepts, less what nobody writes. */
const NAME_SHAPES = {
  pam: { shape: /^[A-Za-z0-9_][A-Za-z0-9_.%-]*$/, what: 'the name of a PAM service', specifiers: true },
  'log-namespace': {
    shape: /^[A-Za-z0-9_%][A-Za-z0-9_.%-]*$/,
    what: 'the name of a journal namespace',
    specifiers: true,
  },
  cgroup: { shape: /^[a-z0-9][A-Za-z0-9_-]*$/, what: 'the name of a control group', specifiers: false },
  slice: {
    shape: /^(-|[A-Za-z0-9_:.%@\\]+(-[A-Za-z0-9_:.%@\\]+)*)\.slice$/,
    what: "the name of a slice unit, which ends in '.slice'",
    specifiers: true,
  },
  bus: {
    shape: /^[A-Za-z_-][A-Za-z0-9_-]*(\.[A-Za-z_-][A-Za-z0-9_-]*)+$/,
    what: 'a well-known name of the bus',
    specifiers: false,
  },
  utmp: { shape: /^[A-Za-z0-9_./%-]+$/, what: 'an identifier of utmp', specifiers: true },
  identifier: { shape: /^.+$/, what: 'an identifier for the log', specifiers: true },
  'reboot-argument': { shape: /^.+$/, what: 'an argument for reboot(2)', specifiers: true },
} as const satisfies Readonly<Record<NameShape, unknown>>;

export function name(reading: Reading, value: unknown, kind: { what: NameShape }): string[] | undefined {
  const { shape, what, specifiers } = NAME_SHAPES[kind.what];
  const text = scalar(reading, value, what);
  if (text === undefined) return undefined;
  if (!shape.test(text) || text.length > 220) return reject(reading, what, text);
  return !specifiers || checkSpecifiers(reading, text) ? [text] : undefined;
}

/** Words that are file names; systemd knows no table of them. */
export function fileNames(reading: Reading, value: unknown): string[] | undefined {
  const list = each(words(reading, value, 'names'), (word) =>
    isFileName(word) && !word.includes('%') ? word : reject(reading, 'names', word),
  );
  return list && [list.join(' ')];
}

/** A security label: `-` in front lets the service start where it can't be set. */
export function label(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'a security label or profile';
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  if (!/^-?[^\s-]\S*( \S+)*$/.test(text)) return reject(reading, expected, text);
  return checkSpecifiers(reading, text) ? [text] : undefined;
}

/** Names of BPF features. systemd skips a name that it doesn't know, so a typing error delegates less, not more. */
export function bpfWords(reading: Reading, value: unknown, kind: { prefix: string }): string[] | undefined {
  const expected = `names that begin with '${kind.prefix}', or 'any'`;
  if (value === 'any') return ['any'];
  const source = typeof value === 'string' ? value.replaceAll(',', ' ') : value;
  const list = each(words(reading, source, expected), (word) => {
    const rest = word.startsWith(kind.prefix) ? word.slice(kind.prefix.length) : '';
    return /^[A-Z][A-Za-z0-9]*$/.test(rest) ? word : reject(reading, expected, word);
  });
  return list && [list.join(',')];
}
