import { type Diagnostic, error, printable, UserError } from '../../../diagnostic.js';
import type { ExecCommand } from './line.js';
import { nextExecWord, UNREADABLE } from './word.js';

/**
 * Puts a launcher in front of a command, for a unit file: `PREFIXES LAUNCHER… [--argv0=NAME] -- PATH ARGUMENTS`. Path
 * and arguments stay as written, so that quotes, specifiers and variables keep their meaning. Only `$` in the path is
 * doubled, since systemd expands variables in arguments but not in paths.
 * @param launcher an absolute path and its arguments, as plain text
 * @returns the command, or an error. `gap-exec-privileged`: the prefix `+` runs the command outside of every sandbox.
 *   `gap-exec`: the prefix `|` leaves no path; argv[0] is a variable that systemd splits into words; or a specifier in the
 *   path may become a `$`, which could not be doubled.
 * @throws UserError `policy-value` if systemd can't take a word of the launcher
 */
export function wrapExecCommand(command: ExecCommand, launcher: readonly string[]): string | Diagnostic {
  const { prefixes, path, at } = command;
  const shown = printable(path.value, 60);
  if (prefixes.includes('+')) {
    return error('gap-exec-privileged', `'${shown}' has the prefix +, and runs without any sandbox`, { at });
  }
  if (prefixes.includes('|')) {
    return error('gap-exec', `'${shown}' has the prefix |: a shell runs it`, { at });
  }
  const noEnv = prefixes.includes(':');
  const unclear = noEnv ? undefined : unclearSpecifier(path.value);
  if (unclear !== undefined) return pathSpecifier(shown, unclear, command);
  const argv0 = argv0Option(command, noEnv);
  if (typeof argv0 !== 'string') return argv0;
  const [program, ...options] = launcher;
  const words = [
    prefixes.replace('@', '') + quoteExecPath(program ?? ''),
    ...options.map((option) => quoteExecWord(option, { noEnv })),
    ...(argv0 === '' ? [] : [argv0]),
    '--',
    noEnv ? argument(path.raw) : doubleDollars(argument(path.raw)),
    ...(command.rest === '' ? [] : [closed(command.rest)]),
  ];
  return words.join(' ');
}

/**
 * Specifiers that never become a `$` (systemd.unit(5)): unit names, in which it is escaped, and the system's names of
 * users, hosts, folders and numbers.
 */
const WITHOUT_DOLLAR = 'abCdEgGhHijlLmnNpsStTuUvV%';

const unclearSpecifier = (path: string): string | undefined =>
  [...path.matchAll(/%(.)/g)].map(([, letter]) => letter!).find((letter) => !WITHOUT_DOLLAR.includes(letter));

/** The error about a specifier: `%I` and its like undo the escapes of a name, in which \x24 is a dollar sign. */
const pathSpecifier = (shown: string, letter: string, { at }: ExecCommand): Diagnostic =>
  error('gap-exec', `'${shown}': %${letter} may expand to a $, which systemd would take for a variable`, {
    at,
    hint: 'write the path without it, or add the prefix :, which turns variables off',
  });

/**
 * The option `--argv0=NAME` where argv[0] differs from the path as systemd passes it; else an empty string. systemd
 * expands variables in argv[0], but not in the path, even where argv[0] is a copy of the path.
 */
function argv0Option(command: ExecCommand, noEnv: boolean): string | Diagnostic {
  const { argv0, path, at } = command;
  const word = argv0 ?? path;
  if (!noEnv && /^\$(?![{$])/.test(word.value)) {
    return error('gap-exec', `systemd splits argv[0] '${printable(word.value, 60)}' into words`, {
      at,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: systemd's own notation
      hint: 'write ${NAME} instead of $NAME, or $$ for a dollar sign',
    });
  }
  if (!argv0 && (noEnv || !/\$[{$]/.test(path.value))) return '';
  return `--argv0=${word.raw === '\\;' ? ';' : closed(word.raw)}`;
}

/** The command as it was written, for a unit file. */
export const execCommandText = ({ prefixes, path, argv0, rest }: ExecCommand): string =>
  closed([prefixes + path.raw, ...(argv0 ? [argv0.raw] : []), ...(rest === '' ? [] : [rest])].join(' '));

/**
 * A command that systemd runs with full privileges and outside of every sandbox, for a unit file.
 * @param words an absolute path and its arguments, as plain text
 * @throws UserError `policy-value` if systemd can't take one of them
 */
export const privilegedCommand = ([program = '', ...words]: readonly string[]): string =>
  [`+${quoteExecPath(program)}`, ...words.map((word) => quoteExecWord(word, { noEnv: false }))].join(' ');

/** A path as an argument: a plain `;` would end the command, so that it is quoted. */
const argument = (raw: string) => (raw === ';' ? '";"' : closed(raw));

/**
 * A text to which more is appended. systemd keeps a lone backslash at the end of the last word, also before white
 * space: it is written as an escape sequence.
 */
function closed(raw: string): string {
  const blank = /[ \t]$/.exec(raw)?.[0];
  const text = blank ? raw.slice(0, -1) : raw;
  const lone = /(?<!\\)(?:\\\\)*\\$/.test(text);
  if (!lone) return raw;
  return `${text}\\${blank === undefined ? '' : blank === '\t' ? '\\t' : '\\s'}`;
}

/** Doubles every `$` that a word stands for, including escaped ones. */
function doubleDollars(raw: string): string {
  const word = nextExecWord(raw, 0);
  if (word === undefined || word === 'malformed') return raw;
  let result = '';
  let copied = 0;
  for (const piece of word.pieces) {
    const written = raw.slice(piece.from, piece.to);
    const doubled = piece.text === '$' ? written + written : written.replaceAll('$', '$$$$');
    result += raw.slice(copied, piece.from) + doubled;
    copied = piece.to;
  }
  return result + raw.slice(copied);
}

/** A word that needs no quotes and no escapes anywhere in a command line. */
const PLAIN = /^[A-Za-z0-9_/.,:=@+-]+$/;

/**
 * Writes plain text as one word of a command line in which systemd expands nothing.
 * @param options.noEnv whether the command has the prefix `:`, so that `$` isn't doubled
 * @throws UserError `policy-value` for NUL and for text that isn't UTF-8
 */
export function quoteExecWord(word: string, options: { readonly noEnv: boolean }): string {
  if (PLAIN.test(word)) return word;
  if (word.includes('\0') || UNREADABLE.test(word)) {
    throw new UserError(
      error('policy-value', `'${printable(word, 60)}' can't be an argument: it has NUL or is not UTF-8`),
    );
  }
  const escaped = word
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('%', '%%')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it escapes
    .replace(/[\x01-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${options.noEnv ? escaped : escaped.replaceAll('$', '$$$$')}"`;
}

/**
 * The first word of a command line, in which systemd expands specifiers but no variables.
 * @throws UserError `policy-value`
 */
function quoteExecPath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  if (!path.startsWith('/') || path.endsWith('/') || /[\x01-\x1f\x7f"'\\]/.test(path)) {
    throw new UserError(
      error('policy-value', `systemd can't start '${printable(path, 60)}': not a plain absolute path`),
    );
  }
  return quoteExecWord(path, { noEnv: true });
}
