import { nextWord } from './exec/word.js';
import type { Assignment } from './unit-file.js';

type Check = (value: string) => string | undefined;

const NOT_ABSOLUTE = 'the path is not absolute and normalized';
const NOT_A_USER = 'no user or group can have this name';

/**
 * The settings of services that have values at which systemd stops reading the file (src/core/load-fragment.c in
 * systemd 257: parsers that return an error). Exec lines aren't among them. systemd ignores a wrong value of any other
 * setting.
 */
const CHECKS: ReadonlyMap<string, Check> = new Map([
  ['User', wrongUser],
  ['Group', wrongUser],
  ['SupplementaryGroups', wrongUsers],
  ['WorkingDirectory', (value) => (value === '~' || value.startsWith('-') ? undefined : wrongPath(value))],
  ['RootDirectory', wrongPath],
  ['RootImage', wrongPath],
  ['RootVerity', wrongPath],
  ['PIDFile', wrongPidFile],
]);

/**
 * The reason why systemd stops reading a file at this assignment; undefined if it reads on. A value with a specifier
 * counts as good, since the specifier's value isn't known here.
 */
export function abortReason({ section, key, value }: Assignment): string | undefined {
  if (section !== 'Service' || value === '' || value.includes('%')) return undefined;
  return CHECKS.get(key)?.(value);
}

function wrongUsers(value: string): string | undefined {
  for (let at = 0; ; ) {
    const word = nextWord(value, at, { quotes: false, escapes: 'next' });
    if (word === undefined) return undefined;
    if (word === 'malformed') return 'a backslash stands at the end';
    const wrong = wrongUser(word.pieces.map((piece) => piece.text).join(''));
    if (wrong) return wrong;
    at = word.next;
  }
}

/**
 * The reason why systemd refuses a user or group name: valid_user_group_name() with VALID_USER_RELAX permits nearly all
 * that /etc/passwd can hold.
 */
function wrongUser(value: string): string | undefined {
  const id = /^(?:0|[1-9][0-9]*)$/.test(value) ? Number(value) : undefined;
  if (id !== undefined) return id === 65535 || id >= 0xffffffff ? NOT_A_USER : undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  return /^-?[0-9]*$|^\.{1,2}$|[\x01-\x1f\x7f:/]|^ | $/.test(value) ? NOT_A_USER : undefined;
}

/** Repeated slashes and `.` are permitted in a path, and so is `..` at the root. */
function wrongPath(value: string): string | undefined {
  const names = value.split('/').filter((name) => name !== '' && name !== '.');
  const first = names.findIndex((name) => name !== '..');
  const normalized = first < 0 || !names.includes('..', first);
  return value.startsWith('/') && normalized && !tooLong(`/${names.join('/')}`, names)
    ? undefined
    : NOT_ABSOLUTE;
}

const tooLong = (path: string, names: readonly string[]) =>
  byteLength(path) > 4095 || names.some((name) => byteLength(name) > 255);

const byteLength = (text: string) => new TextEncoder().encode(text).length;

function wrongPidFile(value: string): string | undefined {
  const path = value.startsWith('/') ? value : `/run/${value}`;
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (['dev', 'sys', 'proc'].includes(names[0] ?? '')) return 'a PID file is not below /dev, /sys or /proc';
  return wrongPath(path);
}
