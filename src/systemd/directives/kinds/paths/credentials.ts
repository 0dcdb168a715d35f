/** Credentials: secrets that are handed to the service besides its command line. */

import type { ValueKind, ValueReading } from '../../directive.js';
import { bytesOfBase64, isBase64, withoutSpecifiers } from '../../values/bus.js';
import { listKind, pair, writeByFields } from '../../values/list.js';
import { absolutePath, checkSpecifiers, each, isUnicode, lines, reject } from '../../values/text.js';

const isCredentialName = (text: string) =>
  /^[A-Za-z0-9_.@%-]+$/.test(text) && !/^\.{1,2}$/.test(text) && text.length <= 255;

/** Splits at the first colon. */
function split(text: string): [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** `NAME[:PATH]`, an assignment each; without a path the credential is inherited under its own name. */
export const LOAD_CREDENTIAL: ValueKind = listKind({
  type: 'load-credential',
  signature: 'a(ss)',
  keyed: true,
  format: (reading, value) => {
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
  },
  elements: (text) =>
    pair(text, (name, source) => {
      const plain = withoutSpecifiers(source);
      return plain === undefined ? undefined : [name, plain];
    }),
});

/** `GLOB[:NAME]`, an assignment each; the only wildcard is an asterisk at the end. */
export const IMPORT_CREDENTIAL: ValueKind = listKind({
  type: 'import-credential',
  signature: 'as',
  format: (reading, value) => {
    const expected = "NAME or GLOB*, with ':' and a new name or its beginning if wanted";
    return each(lines(reading, value, expected), (line) => {
      const [glob, name] = split(line);
      const good = glob === '*' || isCredentialName(glob.replace(/\*$/, ''));
      if (!good || (name !== undefined && (!isCredentialName(name) || name.includes('%')))) {
        return reject(reading, expected, line);
      }
      if (name !== undefined) reading.needs.push({ since: 257, what: 'a new name after the colon' });
      return checkSpecifiers(reading, glob) ? line : undefined;
    });
  },
  elements: (text) => pair(text, (glob) => glob),
  write: (row, values) => writeByFields(row, values, ([glob, prefix]) => [glob, prefix]),
});

/** Largest credential of one unit is 1 MiB for systemd, and a line too; escaped text must fit. */
const MAX_SECRET = 1 << 16;

/** `NAME:VALUE`, an assignment each. The value is taken as it is, line breaks included. */
export const setCredential = ({ encrypted }: { readonly encrypted: boolean }): ValueKind =>
  listKind({
    type: 'set-credential',
    signature: 'a(say)',
    keyed: true,
    format: (reading, value) => {
      const all: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (all.length > 100) return reject(reading, 'at most 100 elements', value);
      const results = all.map((line) => formatSecret(reading, line, encrypted));
      return results.every((result) => result !== undefined) ? results : undefined;
    },
    elements: (text) =>
      pair(text, (name, secret) => [name, encrypted ? bytesOfBase64(secret) : unescaped(secret)]),
  });

function formatSecret(reading: ValueReading, line: unknown, encrypted: boolean): string | undefined {
  const expected = encrypted ? 'NAME:BASE64' : 'NAME:VALUE';
  const [name, secret] = typeof line === 'string' ? split(line) : ['', undefined];
  // A secret must not end up in a message.
  if (!secret || secret.length > MAX_SECRET || !isUnicode(secret) || !isCredentialName(name)) {
    return reject(reading, `${expected} with at most ${MAX_SECRET} characters`, 'something else');
  }
  if (!checkSpecifiers(reading, name)) return undefined;
  if (!encrypted) return `${name}:${escaped(secret)}`;
  const data = secret.replace(/\s+/g, '');
  return isBase64(data) ? `${name}:${data}` : reject(reading, expected, 'something else');
}

/** A text in which cunescape() of systemd finds exactly the given one. */
const escaped = (text: string): string =>
  text
    .replace(/\\/g, '\\\\')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it escapes
    .replace(/[\u0000-\u001f\u007f]|^ | $/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** The bytes that cunescape() finds in an escaped text. */
const unescaped = (text: string): number[] =>
  Array.from(
    new TextEncoder().encode(
      text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex, c) =>
        hex === undefined ? c : String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    ),
  );
