import { type Diagnostic, error, type Location, printable, warning } from '../../diagnostic.js';
import { isBlank, nextExecWord, skipBlanks, textOf, type Word } from './word.js';

/** A word of a command line. */
export interface ExecWord {
  /** As written: quotes, escapes, specifiers and variables in place. */
  readonly raw: string;
  /** Unquoted and unescaped; specifiers and variables kept. */
  readonly value: string;
}

/** One command of an Exec line (systemd.service(5), "Command lines"). */
export interface ExecCommand {
  /** Of `@ - : + ! |`, in the order written; `!!` has its two characters. */
  readonly prefixes: string;
  /** Without the prefixes. */
  readonly path: ExecWord;
  /** The word that becomes argv[0], where there is a prefix `@`. */
  readonly argv0?: ExecWord;
  /** The arguments exactly as written, from the first to the last. */
  readonly rest: string;
  /** The path has no slash: systemd searches for it. A specifier may still make it a path. */
  readonly bareName: boolean;
  /** The assignment. */
  readonly at: Location;
}

/** What systemd makes of one assignment. */
export interface ExecLine {
  /** The commands that it takes, those before a problem included. */
  readonly commands: readonly ExecCommand[];
  /** Why it leaves off: an error where it stops reading the file here, a warning where it goes on after the line. */
  readonly problem?: Diagnostic;
}

/**
 * Reads the value of ExecStart= and its like as far as systemd does (config_parse_exec() in its source), without
 * expanding anything.
 * @param value not empty: an empty value resets the list.
 */
export function scanExecLine(value: string, at: Location): ExecLine {
  const commands: ExecCommand[] = [];
  let offset = 0;
  while (true) {
    const first = nextExecWord(value, offset);
    if (first === undefined) return { commands };
    if (first === 'malformed') {
      return { commands, problem: warning('invalid-exec-line', 'a quote is not closed', { at }) };
    }
    offset = first.next;
    if (textOf(first.pieces) === ';') continue;
    const command = readCommand(value, first, at);
    if ('severity' in command) return { commands, problem: command };
    commands.push(command.command);
    if (command.next === undefined) return { commands };
    offset = command.next;
  }
}

interface Command {
  readonly command: ExecCommand;
  /** Offset of the next command, where a `;` follows. */
  readonly next?: number;
}

function readCommand(text: string, first: Word, at: Location): Command | Diagnostic {
  const prefixes = leadingPrefixes(textOf(first.pieces));
  const path = pathWord(text, first, prefixes);
  const refuse = (message: string) =>
    (prefixes.includes('-') ? warning : error)('invalid-exec-line', message, { at });
  const wrong = prefixes.includes('|') ? undefined : wrongPath(path.value);
  if (wrong) return refuse(`${wrong}: '${printable(path.value, 60)}'`);
  const { words, malformed, next } = argumentWords(text, first.next);
  if (malformed) return refuse('a quote is not closed');
  const argv0 = prefixes.includes('@') ? words.shift() : undefined;
  if (prefixes.includes('@') && !argv0)
    return refuse('after the prefix @ two words are needed: path and argv[0]');
  const command: ExecCommand = {
    prefixes,
    path,
    ...(argv0 ? { argv0: { raw: text.slice(argv0.from, argv0.to), value: textOf(argv0.pieces) } } : {}),
    rest: words.length > 0 ? text.slice(words[0]!.from, words.at(-1)!.to) : '',
    bareName: !path.value.includes('/'),
    at,
  };
  return next === undefined ? { command } : { command, next };
}

/** The arguments of a command, unquoted and unescaped; specifiers and variables kept. */
export const argumentsOf = ({ rest }: ExecCommand): string[] =>
  argumentWords(rest, 0).words.map(({ pieces }) => textOf(pieces));

/** The prefixes of an unquoted first word: each once, and one of `+`, `!` and `!!`; anything else belongs to the path. */
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

/** The first word less its prefixes: cut off the text, or put together anew where they are quoted or escaped. */
function pathWord(text: string, word: Word, prefixes: string): ExecWord {
  const value = textOf(word.pieces).slice(prefixes.length);
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

/** Why systemd doesn't take a path; a specifier in it may become anything. */
function wrongPath(path: string): string | undefined {
  const size = (text: string) => new TextEncoder().encode(text).length;
  if (path === '') return 'the path is empty';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  if (/[\x01-\x1f\x7f"'\\]/.test(path)) return 'the path has quotes, backslashes or control characters';
  if (/(?:^|\/)\.{0,2}$/.test(path)) return 'the path is that of a folder';
  if (/^%[^%]/.test(path)) return undefined;
  if (!path.startsWith('/') && path.includes('/')) return 'the path is neither absolute nor a plain name';
  const tooLong = size(path) > 4095 || path.split('/').some((name) => size(name) > 255);
  return tooLong && !path.includes('%') ? 'the path is too long' : undefined;
}

interface Arguments {
  readonly words: Word[];
  readonly malformed: boolean;
  /** Offset after a `;` that stands alone. */
  readonly next?: number;
}

/** The words up to the end or to a `;` that stands alone and unquoted; `\;` alone is a word. */
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
