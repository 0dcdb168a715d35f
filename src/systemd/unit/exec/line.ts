import { type Diagnostic, error, type Location, printable, warning } from '../../../diagnostic.js';
import { isBlank, nextExecWord, skipBlanks, type Word, wordText } from './word.js';

export interface ExecWord {
  /** The word as written, with quotes, escapes, specifiers and variables. */
  readonly raw: string;
  /** The word without quotes and escapes; specifiers and variables are kept. */
  readonly value: string;
}

/** One command of an Exec line (systemd.service(5), "Command lines"). */
export interface ExecCommand {
  /** The prefixes among `@ - : + ! |`, in the order written; `!!` has its two characters. */
  readonly prefixes: string;
  /** The path without the prefixes. */
  readonly path: ExecWord;
  /** The word that becomes argv[0], for a command with the prefix `@`. */
  readonly argv0?: ExecWord;
  /** The arguments as written, from the first to the last. */
  readonly rest: string;
  /** Whether the path has no slash, so that systemd searches for it. A specifier may still make it a path. */
  readonly bareName: boolean;
  /** The place of the assignment. */
  readonly at: Location;
}

/** The commands that systemd reads from one assignment. */
export interface ExecLine {
  /** The commands that systemd takes, those before a problem included. */
  readonly commands: readonly ExecCommand[];
  /**
   * The problem at which systemd stops: an error if it stops reading the file, a warning if it goes on after the line.
   */
  readonly problem?: Diagnostic;
}

/**
 * Reads the value of ExecStart= and its like as far as systemd does (config_parse_exec() in its source). Nothing is
 * expanded.
 * @param value not empty: an empty value resets the list
 */
export function scanExecLine(value: string, at: Location): ExecLine {
  const commands: ExecCommand[] = [];
  let offset = 0;
  while (true) {
    const first = nextExecWord(value, offset);
    if (first === undefined) return { commands };
    if (first === 'malformed') {
      return { commands, problem: warning('bad-unit-file', 'a quote is not closed', { at }) };
    }
    offset = first.next;
    if (wordText(first.pieces) === ';') continue;
    const command = readCommand(value, first, at);
    if ('severity' in command) return { commands, problem: command };
    commands.push(command.command);
    if (command.next === undefined) return { commands };
    offset = command.next;
  }
}

interface ParsedCommand {
  readonly command: ExecCommand;
  /** The offset of the next command, if a `;` follows. */
  readonly next?: number;
}

function readCommand(text: string, first: Word, at: Location): ParsedCommand | Diagnostic {
  const prefixes = leadingPrefixes(wordText(first.pieces));
  const path = pathWord(text, first, prefixes);
  const refuse = (message: string) =>
    (prefixes.includes('-') ? warning : error)('bad-unit-file', message, { at });
  const wrong = prefixes.includes('|') ? undefined : wrongPath(path.value);
  if (wrong) return refuse(`${wrong}: '${printable(path.value, 60)}'`);
  const { words, malformed, next } = argumentWords(text, first.next);
  if (malformed) return refuse('a quote is not closed');
  const argv0 = prefixes.includes('@') ? words.shift() : undefined;
  if (prefixes.includes('@') && !argv0) return refuse('the prefix @ needs two words: path and argv[0]');
  const command: ExecCommand = {
    prefixes,
    path,
    ...(argv0 ? { argv0: { raw: text.slice(argv0.from, argv0.to), value: wordText(argv0.pieces) } } : {}),
    rest: words.length > 0 ? text.slice(words[0]!.from, words.at(-1)!.to) : '',
    bareName: !path.value.includes('/'),
    at,
  };
  return next === undefined ? { command } : { command, next };
}

/** The arguments of a command without quotes and escapes; specifiers and variables are kept. */
export const argumentsOf = ({ rest }: ExecCommand): string[] =>
  argumentWords(rest, 0).words.map(({ pieces }) => wordText(pieces));

/**
 * The prefixes of an unquoted first word: each once, and one of `+`, `!` and `!!`. All further characters belong to the
 * path.
 */
function leadingPrefixes(word: string): string {
  const seen = new Set<string>();
  let end = 0;
  for (; end < word.length; end++) {
    const c = word[end]!;
    const twice = c === '!' && seen.has('!') ? '!!' : c;
    const clash = (c === '+' && seen.has('!')) || (c === '!' && seen.has('+'));
    if (!'-@:+!|'.includes(c) || clash || seen.has(twice)) break;
    seen.add(twice);
  }
  return word.slice(0, end);
}

/**
 * The first word without its prefixes: a part of the text, or a new quoted word if the prefixes are quoted or escaped.
 */
function pathWord(text: string, word: Word, prefixes: string): ExecWord {
  const value = wordText(word.pieces).slice(prefixes.length);
  if (text.startsWith(prefixes, word.from)) {
    return { raw: text.slice(word.from + prefixes.length, word.to), value };
  }
  let cut = prefixes.length;
  const kept = word.pieces.map((piece) => {
    const written = text.slice(piece.from, piece.to);
    const skip = Math.min(cut, piece.text.length);
    cut -= skip;
    return skip === piece.text.length ? '' : written.slice(skip);
  });
  return { raw: `"${kept.join('')}"`, value };
}

/** The reason why systemd refuses a path; a specifier in the path may become anything. */
function wrongPath(path: string): string | undefined {
  const size = (text: string) => new TextEncoder().encode(text).length;
  if (path === '') return 'the path is empty';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  if (/[\x01-\x1f\x7f"'\\]/.test(path)) return 'the path has quotes, backslashes or control characters';
  if (/(?:^|\/)\.{0,2}$/.test(path)) return 'the path is a folder';
  if (/^%[^%]/.test(path)) return undefined;
  if (!path.startsWith('/') && path.includes('/')) return 'the path is neither absolute nor a plain name';
  const tooLong = size(path) > 4095 || path.split('/').some((name) => size(name) > 255);
  return tooLong && !path.includes('%') ? 'the path is too long' : undefined;
}

interface Arguments {
  readonly words: Word[];
  readonly malformed: boolean;
  /** The offset after a `;` that stands alone. */
  readonly next?: number;
}

/** The words up to the end, or to a `;` that stands alone and unquoted; `\;` alone is a word. */
function argumentWords(text: string, from: number): Arguments {
  const words: Word[] = [];
  const alone = (at: number) => at >= text.length || isBlank(text[at]);
  let at = from;
  while (at < text.length) {
    if (text[at] === ';' && alone(at + 1)) return { words, malformed: false, next: skipBlanks(text, at + 1) };
    if (text[at] === '\\' && text[at + 1] === ';' && alone(at + 2)) {
      words.push({
        from: at,
        to: at + 2,
        next: skipBlanks(text, at + 2),
        pieces: [{ from: at, to: at + 2, text: ';' }],
      });
    } else {
      const word = nextExecWord(text, at);
      if (word === 'malformed') return { words, malformed: true };
      if (word) words.push(word);
    }
    at = words.at(-1)!.next;
  }
  return { words, malformed: false };
}
