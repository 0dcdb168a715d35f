/** Values of directives that are the unit's own: a transient unit's texts, checked and kept as a unit file has them. */

import { toBase64 } from '../../collections.js';
import { scanExecLine } from '../../unit/exec/line.js';
import { bytesOf, splitWords, unescapeText } from '../../unit/exec/word.js';
import { signalNumber, statusNumber } from '../../unit/exit-status.js';
import { isTemplate, parseUnitName } from '../../unit/name.js';
import { withoutSpecifiers } from '../bus/elements.js';
import type { EnumValue } from '../own-kinds.js';
import { isBase64 } from './credentials.js';
import { checkWord } from './names.js';
import { absolutePath, checkSpecifiers, MAX_VALUE, type Reading, reject, scalar, words } from './text.js';

/** The words of a text with C-style escapes and quotes; undefined where a quote isn't closed, or an escape is unknown. */
export const quotedWords = (text: string): string[] | undefined =>
  splitWords(text, { quotes: true, escapes: 'c' });

/** A text of words, each as it should be, which is kept as it is. */
function checkedWords(
  reading: Reading,
  value: unknown,
  expected: string,
  isGood: (word: string) => boolean,
): string[] | undefined {
  const text = scalar(reading, value, expected, MAX_VALUE);
  if (text === undefined) return undefined;
  const found = quotedWords(text);
  const wrong = found?.find((word) => !isGood(word));
  if (found === undefined || wrong !== undefined) {
    return reject(reading, expected, wrong ?? text, 'white space in a word needs quotes around it');
  }
  return checkSpecifiers(reading, text) ? [text] : undefined;
}

export function signal(reading: Reading, value: unknown): string[] | undefined {
  const expected = "a signal such as 'SIGTERM'";
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  return signalNumber(text) === undefined ? reject(reading, expected, text) : [text];
}

/** A number that could be either is a status. */
export const exitStatuses = (reading: Reading, value: unknown): string[] | undefined =>
  checkedWords(
    reading,
    value,
    "exit statuses and signals such as '1 TEMPFAIL SIGKILL'",
    (word) => statusNumber(word) !== undefined || (!/^\d/.test(word) && signalNumber(word) !== undefined),
  );

/** First systemd with the prefix `|` of commands. */
const SHELL_PREFIX = 258;

/** One command, as in a unit file. */
export function command(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'a command line';
  const text = scalar(reading, value, expected, MAX_VALUE);
  if (text === undefined) return undefined;
  const { commands, problem } = scanExecLine(text, reading.at);
  const [first, ...more] = commands;
  if (problem || first === undefined) return reject(reading, expected, text, problem?.message);
  if (more.length > 0) {
    return reject(reading, 'one command', text, "give each command its own, or write '\\;' for a semicolon");
  }
  if (/@.*\||\|.*@/.test(first.prefixes)) return reject(reading, "one of the prefixes '@' and '|'", text);
  if (first.prefixes.includes('|')) reading.needs.push({ since: SHELL_PREFIX, what: "the prefix '|'" });
  return [text];
}

export const unitNames = (reading: Reading, value: unknown): string[] | undefined =>
  checkedWords(reading, value, "names of units such as 'network.target'", (word) => {
    const name = parseUnitName(word.replace(/%[a-zA-Z%]/g, 'x'));
    return (
      !('severity' in name) &&
      !isTemplate(name) &&
      /\.[a-z]+$/.test(word) &&
      name.full === word.replace(/%[a-zA-Z%]/g, 'x')
    );
  });

/** `|` in front: one such condition is enough; `!`: it must not hold. */
export function condition(reading: Reading, value: unknown, kind: { path?: true }): string[] | undefined {
  const expected = kind.path ? 'an absolute path' : 'what must hold';
  const text = scalar(reading, value, `${expected}, with '|' and '!' in front if need be`);
  if (text === undefined || !checkSpecifiers(reading, text)) return undefined;
  const { parameter } = conditionParts(text);
  const isGood = parameter !== '' && !/^[\s|]/.test(parameter) && (!kind.path || parameter.startsWith('/'));
  return isGood ? [text] : reject(reading, expected, text);
}

export function conditionParts(text: string) {
  const [, trigger = '', negate = '', parameter = ''] = /^(\|?)(!?)(.*)$/.exec(text)!;
  return { trigger: trigger !== '', negate: negate !== '', parameter };
}

export function stream(
  reading: Reading,
  value: unknown,
  kind: { words: readonly string[]; opens: readonly EnumValue[] },
): string[] | undefined {
  const files = kind.opens.map((word) => `${word.value}:PATH`);
  const expected = `one of ${[...kind.words, 'fd:NAME', ...files].join(', ')}`;
  const text = scalar(reading, value, expected);
  if (text === undefined || kind.words.includes(text)) return text === undefined ? text : [text];
  const [, how = '', rest = ''] = /^([a-z]+):(.*)$/.exec(text) ?? [];
  if (how === 'fd') {
    const isName = /^[!-9;-~]{1,255}$/.test(rest);
    return isName && checkSpecifiers(reading, rest) ? [text] : reject(reading, expected, text);
  }
  if (!checkWord(reading, how, kind.opens)) return reject(reading, expected, text);
  const path = absolutePath(reading, rest);
  return path === undefined ? undefined : [`${how}:${path}`];
}

export function inputData(reading: Reading, value: unknown): string[] | undefined {
  const text = scalar(reading, value, 'Base64', MAX_VALUE);
  if (text === undefined) return undefined;
  return isBase64(text) ? [text] : reject(reading, 'Base64', text);
}

/** A line of text, written as the data that it is. */
export function inputText(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'a line of text, with C-style escapes and without specifiers';
  const text = scalar(reading, value, expected, MAX_VALUE);
  if (text === undefined) return undefined;
  const escaped = unescapeText(text);
  const plain = escaped === undefined ? undefined : withoutSpecifiers(escaped);
  if (plain === undefined) return reject(reading, expected, text, "write '\\\\' for a backslash, '%%' for %");
  return [toBase64(bytesOf(`${plain}\n`))];
}

export function environmentFile(reading: Reading, value: unknown): string[] | undefined {
  const text = scalar(reading, value, 'an absolute path');
  if (text === undefined) return undefined;
  const dash = text.startsWith('-') ? '-' : '';
  const path = absolutePath(reading, text.slice(dash.length));
  return path === undefined ? undefined : [dash + path];
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const variables = (
  reading: Reading,
  value: unknown,
  kind: { assigned: boolean },
): string[] | undefined =>
  checkedWords(reading, value, `names of variables${kind.assigned ? ', or NAME=VALUE' : ''}`, (word) =>
    VARIABLE.test(kind.assigned ? word.replace(/=.*$/s, '') : word),
  );

export const logFields = (reading: Reading, value: unknown): string[] | undefined =>
  checkedWords(reading, value, 'FIELD=VALUE', (word) => /^[A-Z0-9][A-Z0-9_]{0,63}=/.test(word));

/** Which patterns are well-formed is for PCRE2 to say. */
export function logPattern(reading: Reading, value: unknown): string[] | undefined {
  const expected = "a regular expression, with '~' in front to leave out what matches";
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  return /^~?[^~]/.test(text) ? [text] : reject(reading, expected, text);
}

const URL = /^(?:https?:\/\/|file:\/|info:|man:)./;

export function urls(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'addresses that begin with http://, https://, file:, info: or man:';
  const list = words(reading, value, expected);
  const wrong = list?.find((word) => !URL.test(word));
  if (wrong !== undefined) return reject(reading, expected, wrong);
  return list && checkSpecifiers(reading, list.join(' ')) ? [list.join(' ')] : undefined;
}

/** Bits of OpenFileFlag in systemd. */
export const OPEN_FLAGS: ReadonlyMap<string, number> = new Map([
  ['read-only', 1],
  ['append', 2],
  ['truncate', 4],
  ['graceful', 8],
]);

/** `PATH[:NAME[:FLAG,…]]`. */
export function openFile(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'PATH[:NAME[:FLAGS]]';
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  const [path = '', name = '', flags = '', ...more] = text.split(':');
  const words = flags === '' ? [] : flags.split(',');
  const ways = words.filter((word) => word !== 'graceful');
  const isGood =
    !/["'\\]/.test(text) &&
    more.length === 0 &&
    ways.length <= 1 &&
    words.every((word) => OPEN_FLAGS.has(word));
  if (!isGood) return reject(reading, `${expected} with flags of ${[...OPEN_FLAGS.keys()].join(', ')}`, text);
  const checked = absolutePath(reading, path);
  return checked === undefined || !checkSpecifiers(reading, name)
    ? undefined
    : [text.replace(path, () => checked)];
}
