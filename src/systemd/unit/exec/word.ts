/**
 * Splits settings into words as systemd does (systemd.service(5), "Command lines"; systemd.syntax(7), "Quoting"). A
 * word remembers the characters that it was written with, so that it can be copied as it is.
 */

/** A part of a word: plain text, or one escape sequence. */
export interface WordPiece {
  /** The offset of its first character in the text that is split. */
  readonly from: number;
  readonly to: number;
  /**
   * The text that the piece stands for. A byte above 0x7f that an escape sequence names is held as U+DC00 plus the
   * byte.
   */
  readonly text: string;
}

export interface Word {
  readonly from: number;
  /** The offset after the last character of the word. */
  readonly to: number;
  /** The offset of the next word, or the length of the text. */
  readonly next: number;
  readonly pieces: readonly WordPiece[];
}

export interface WordSyntax {
  /** Whether quotes group and vanish; else they are plain characters. */
  readonly quotes: boolean;
  /** `c`: C-style escapes. `next`: a backslash makes the next character plain. */
  readonly escapes: 'c' | 'next';
}

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['s', ' '],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
]);

/** Whether a character is white space for systemd, which has fewer kinds than `trim()`. */
export const isBlank = (c: string | undefined): boolean =>
  c === ' ' || c === '\t' || c === '\n' || c === '\r';

/** A text without systemd's white space at both ends, in linear time. */
export function strip(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text[from])) from++;
  while (to > from && isBlank(text[to - 1])) to--;
  return text.slice(from, to);
}

/** The offset of the first character that isn't white space. */
export function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text[at])) at++;
  return at;
}

/**
 * The word that starts at or after `from`; undefined at the end of the text. A word is `malformed` if a quote isn't
 * closed, nothing follows a backslash, or an escape sequence is unknown.
 */
export function nextWord(text: string, from: number, syntax: WordSyntax): Word | 'malformed' | undefined {
  return scanWord(text, from, syntax, false);
}

/** The words of a text as plain text up to one that is malformed, and whether they are all. */
export function leadingWords(text: string, syntax: WordSyntax) {
  const words: string[] = [];
  for (let at = 0; ; ) {
    const word = nextWord(text, at, syntax);
    if (word === undefined || word === 'malformed') return { words, areAll: word === undefined };
    words.push(wordText(word.pieces));
    at = word.next;
  }
}

/** All words of a text as plain text; undefined if one is malformed. */
export function splitWords(text: string, syntax: WordSyntax): string[] | undefined {
  const { words, areAll } = leadingWords(text, syntax);
  return areAll ? words : undefined;
}

/**
 * A word of a command line. systemd reads a word with an unknown escape sequence again as a whole, and keeps the
 * backslashes that it doesn't understand. A word that is still malformed has an open quote.
 */
export function nextExecWord(text: string, from: number): Word | 'malformed' | undefined {
  const syntax: WordSyntax = { quotes: true, escapes: 'c' };
  const word = scanWord(text, from, syntax, false);
  return word === 'malformed' ? scanWord(text, from, syntax, true) : word;
}

function scanWord(
  text: string,
  from: number,
  syntax: WordSyntax,
  relaxed: boolean,
): Word | 'malformed' | undefined {
  const start = skipBlanks(text, from);
  if (start === text.length) return undefined;
  const pieces: WordPiece[] = [];
  let quote = '';
  let plain = start;
  let at = start;
  const flush = () => {
    if (at > plain) pieces.push({ from: plain, to: at, text: text.slice(plain, at) });
  };
  for (; at < text.length; at++) {
    const c = text[at]!;
    if (c === '\\') {
      flush();
      const sequence = readEscape(text, at, syntax, relaxed && (quote === '' || at + 1 < text.length));
      if (sequence === undefined) return 'malformed';
      pieces.push(sequence);
      at = sequence.to - 1;
      plain = sequence.to;
    } else if (quote === '' && isBlank(c)) {
      break;
    } else if (syntax.quotes && (quote === '' ? c === '"' || c === "'" : c === quote)) {
      flush();
      quote = quote === '' ? c : '';
      plain = at + 1;
    }
  }
  if (quote !== '') return 'malformed';
  flush();
  return { from: start, to: at, next: skipBlanks(text, at), pieces };
}

/**
 * The escape sequence at a backslash; undefined for an unknown one. A relaxed reader keeps the backslash of an unknown
 * sequence.
 */
function readEscape(text: string, at: number, syntax: WordSyntax, relaxed: boolean): WordPiece | undefined {
  const next = text[at + 1];
  if (syntax.escapes === 'next') {
    return next === undefined ? undefined : { from: at, to: at + 2, text: next };
  }
  const known = next === undefined ? undefined : unescapeC(text, at + 1);
  if (known) return { from: at, to: at + 1 + known.length, text: known.text };
  return relaxed ? { from: at, to: at + 1 + (next?.length ?? 0), text: `\\${next ?? ''}` } : undefined;
}

/**
 * The text that a C-style escape sequence stands for, and its length after the backslash; undefined for an unknown one.
 */
function unescapeC(text: string, at: number): { text: string; length: number } | undefined {
  const c = text[at]!;
  const simple = SIMPLE.get(c);
  if (simple !== undefined) return { text: simple, length: 1 };
  const code = (digits: string, pattern: RegExp, base: number, max: number) => {
    const value = pattern.test(digits) ? Number.parseInt(digits, base) : 0;
    return value > 0 && value <= max ? value : undefined;
  };
  if (c === 'x' || /[0-7]/.test(c)) {
    const byte =
      c === 'x'
        ? code(text.slice(at + 1, at + 3), /^[0-9A-Fa-f]{2}$/, 16, 0xff)
        : code(text.slice(at, at + 3), /^[0-7]{3}$/, 8, 0xff);
    return byte === undefined ? undefined : { text: rawByte(byte), length: 3 };
  }
  if (c === 'u') {
    const unit = code(text.slice(at + 1, at + 5), /^[0-9A-Fa-f]{4}$/, 16, 0xffff);
    return unit === undefined ? undefined : { text: fromUnit(unit), length: 5 };
  }
  if (c === 'U') {
    const point = code(text.slice(at + 1, at + 9), /^[0-9A-Fa-f]{8}$/, 16, 0x10ffff);
    if (point === undefined) return undefined;
    const character = String.fromCodePoint(point);
    return UNREADABLE.test(character) ? undefined : { text: character, length: 9 };
  }
  return undefined;
}

/** Code points that systemd refuses in UTF-8: surrogates and noncharacters. */
export const UNREADABLE = /[\p{Surrogate}\p{Noncharacter_Code_Point}]/u;

const rawByte = (byte: number) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);

/** The text of `\uXXXX`; systemd encodes half a surrogate pair, too, as three bytes. */
function fromUnit(unit: number): string {
  if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
  return [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)].map(rawByte).join('');
}

/** A text with its C-style escape sequences resolved, held as in pieces; undefined if one is unknown. */
export function unescapeText(text: string): string | undefined {
  let plain = '';
  for (let at = 0; at < text.length; ) {
    const sequence =
      text[at] === '\\'
        ? at + 1 < text.length
          ? unescapeC(text, at + 1)
          : undefined
        : { text: text[at]!, length: 0 };
    if (sequence === undefined) return undefined;
    plain += sequence.text;
    at += 1 + sequence.length;
  }
  return plain;
}

/** The bytes of a text that is held as in pieces. */
export function bytesOf(text: string): Uint8Array {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (character.length === 1 && code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** The text that pieces stand for; bytes that aren't UTF-8 become U+FFFD. */
export function wordText(pieces: readonly WordPiece[]): string {
  const text = pieces.map((piece) => piece.text).join('');
  if (!/[\udc80-\udcff]/u.test(text)) return text;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(text));
}
