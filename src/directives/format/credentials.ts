/** Credentials: what is handed to the service besides its command line. */

import { absolutePath, checkSpecifiers, each, isUnicode, lines, type Reading, reject } from './text.js';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const isBase64 = (text: string): boolean => text !== '' && BASE64.test(text);

const isCredentialName = (text: string) =>
  /^[A-Za-z0-9_.@%-]+$/.test(text) && !/^\.{1,2}$/.test(text) && text.length <= 255;

/** Splits at the first colon. */
function split(text: string): [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** `NAME[:PATH]`, an assignment each; without a path the credential is inherited under its own name. */
export function loadCredentials(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'NAME or NAME:PATH';
  return each(lines(reading, value, expected), (line) => {
    const [name, source = name] = split(line);
    if (!isCredentialName(name) || line !== line.trim() || line.endsWith('\\'))
      return reject(reading, expected, line);
    if (!checkSpecifiers(reading, name)) return undefined;
    if (isCredentialName(source)) return checkSpecifiers(reading, source) ? `${name}:${source}` : undefined;
    const checked = absolutePath(reading, source);
    return checked === undefined ? undefined : `${name}:${checked}`;
  });
}

/** `GLOB[:NAME]`, an assignment each; the only wildcard is an asterisk at the end. */
export function importCredentials(reading: Reading, value: unknown): string[] | undefined {
  const expected = "NAME or GLOB, which ends in '*', and maybe a new name or its beginning after ':'";
  return each(lines(reading, value, expected), (line) => {
    const [glob, name] = split(line);
    const good = glob === '*' || isCredentialName(glob.replace(/\*$/, ''));
    if (!good || (name !== undefined && (!isCredentialName(name) || name.includes('%')))) {
      return reject(reading, expected, line);
    }
    if (name !== undefined) reading.needs.push({ since: 257, what: 'a new name after the colon' });
    return checkSpecifiers(reading, glob) ? line : undefined;
  });
}

/** Largest credential of one unit is 1 MiB for systemd, and a line too; escaped text must fit. */
const MAX_SECRET = 1 << 16;

/** A text in which cunescape() of systemd finds exactly the given one. */
const escapeSecret = (text: string): string =>
  text
    .replace(/\\/g, '\\\\')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it escapes
    .replace(/[\u0000-\u001f\u007f]|^ | $/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** `NAME:VALUE`, an assignment each. The value is taken as it stands, line breaks included. */
export function setCredentials(
  reading: Reading,
  value: unknown,
  kind: { encrypted: boolean },
): string[] | undefined {
  const expected = kind.encrypted ? 'NAME:BASE64' : 'NAME:VALUE';
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 100) return reject(reading, 'at most 100 elements', value);
  const results = list.map((line) => {
    const [name, secret] = typeof line === 'string' ? split(line) : ['', undefined];
    // A secret must not end up in a message.
    if (!secret || secret.length > MAX_SECRET || !isUnicode(secret) || !isCredentialName(name)) {
      return reject(reading, `${expected} with at most ${MAX_SECRET} characters`, 'something else');
    }
    if (!checkSpecifiers(reading, name)) return undefined;
    if (!kind.encrypted) return `${name}:${escapeSecret(secret)}`;
    const data = secret.replace(/\s+/g, '');
    return isBase64(data) ? `${name}:${data}` : reject(reading, expected, 'something else');
  });
  return results.every((result) => result !== undefined) ? (results as string[]) : undefined;
}
