import { printable } from '../../diagnostic.js';
import { namesFilter, namesReadyFilter } from '../../paths/own-files.js';
import type { LoadedCommand } from '../../system/unit-state.js';
import { argumentsOf, type ExecCommand, scanExecLine } from '../../unit/exec/line.js';
import { sinceReset } from '../../unit/values.js';
import type { Difference } from './difference.js';

/** A command, whatever became of it. */
type Command = Pick<LoadedCommand, 'path' | 'argv' | 'flags'>;

/** Holds the commands of an Exec key as loaded against the lines of a drop-in: how many, and those behind the launcher. */
export function commandDifferences(
  key: string,
  values: readonly string[],
  loaded: readonly Command[],
): Difference[] {
  const lines = sinceReset(values);
  const wrapped = lines.filter(namesFilter);
  const behind = loaded.filter((command) => wrapped.some((line) => isLaunchOf(line, command))).length;
  if (behind !== wrapped.length || loaded.length !== lines.length) {
    const message = `${key}= has ${behind} of ${loaded.length} commands behind the launcher, not ${wrapped.length} of ${lines.length}`;
    return [{ directive: key, message }];
  }
  const isOurs = (line: string) => namesFilter(line) || namesReadyFilter(line);
  const other = lines.find((line, i) => isOurs(line) && !isLoadedLine(line, loaded[i]));
  if (other === undefined) return [];
  return [{ directive: key, message: `${key}= isn't loaded as '${printable(other, 120)}'` }];
}

/** Whether a command is the launcher of a line, with the filter of that line. */
function isLaunchOf(line: string, { path, argv: [, filter = ''] }: Command): boolean {
  const [command] = scanExecLine(line, NOWHERE).commands;
  if (command === undefined) return false;
  const [option] = argumentsOf(command);
  return path === command.path.value && option !== undefined && isExpanded(option, filter);
}

/**
 * Whether a command is the same as before, or the same behind the launcher. Both are as systemd has them: without
 * quotes, specifiers expanded, variables and `$$` as written.
 */
export function isSameCommand(launcher: string, before: Command, after: Command): boolean {
  const { path, argv, flags } = before;
  if (after.path !== launcher) return after.path === path && isSame(argv, after.argv);
  const end = after.argv.indexOf('--');
  const [, ...options] = after.argv.slice(0, end);
  const [program, ...words] = after.argv.slice(end + 1);
  const name = options.find((option) => option.startsWith(ARGV0))?.slice(ARGV0.length);
  const isNamed = name === undefined || name === argv[0];
  return end > 0 && isNamed && isPlace(program!, path, flags) && isSame(argv.slice(1), words);
}

/** Whether the launcher's argument is the path of a command, where systemd simplifies it and, in old versions, finds it. */
function isPlace(program: string, path: string, flags: readonly string[]): boolean {
  // Only in arguments does systemd look for variables.
  const expected = flags.includes('no-env-expand') ? path : path.replaceAll('$', '$$$$');
  return simplified(program) === expected || (!program.includes('/') && expected.endsWith(`/${program}`));
}

const simplified = (path: string) => path.replace(/\/(?:\.?\/)+/g, '/');

const ARGV0 = '--argv0=';

const isSame = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((word, i) => word === b[i]);

const NOWHERE = { file: '', line: 1, column: 1 };

/**
 * Whether a command behind the launcher is loaded as a line of a drop-in says, as far as that can be told: what a
 * specifier became isn't known.
 * @param line one command
 */
export function isLoadedLine(line: string, loaded: Command | undefined): boolean {
  const [command] = scanExecLine(line, NOWHERE).commands;
  if (command === undefined || loaded === undefined) return false;
  const { path, argv, flags } = loaded;
  const [, ...words] = argv;
  const expected = argumentsOf(command);
  return (
    path === command.path.value &&
    expected.length === words.length &&
    expected.every((word, i) => isExpanded(word, words[i]!)) &&
    FLAGS.every(([prefix, flag]) => command.prefixes.includes(prefix) === flags.includes(flag)) &&
    (isTwice(command) || command.prefixes.includes('!') === flags.includes('no-setuid'))
  );
}

/** Prefixes that a line of ours may have, by systemd's names. */
const FLAGS = [
  ['+', 'privileged'],
  ['-', 'ignore-failure'],
  [':', 'no-env-expand'],
] as const;

/** `!!`, of which systemd keeps what its version makes of it. */
const isTwice = ({ prefixes }: ExecCommand): boolean => prefixes.split('!').length > 2;

/** Whether a word may have become another by its specifiers; bytes that aren't UTF-8 have no text. */
const isExpanded = (word: string, loaded: string): boolean => /[%\ufffd]/.test(word) || word === loaded;
