import type { Location } from '../../diagnostic.js';
import { isBlank } from './exec/word.js';

/** Lines of a unit file as systemd reads them (systemd.syntax(7); read_line() and config_parse() in its source). */

/** A line with its continuations joined, without comments. */
export interface LogicalLine {
  /** The text; undefined where the bytes aren't UTF-8, or hold noncharacters, which systemd refuses, too. */
  readonly text: string | undefined;
  /** The place in the file of the character at an offset in `text`. */
  readonly place: (offset: number) => { readonly line: number; readonly column: number };
}

export interface LogicalLines {
  readonly lines: readonly LogicalLine[];
  /** The physical line that is too long, at which systemd gives up on the whole file. */
  readonly tooLong?: Location;
}

/** systemd's LONG_LINE_MAX: a physical line must be shorter, a joined one at most as long. */
const LIMIT = 1024 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BACKSLASH = 0x5c;
const NONCHARACTER = /\p{Noncharacter_Code_Point}/u;

interface PhysicalLine {
  readonly line: number;
  readonly bytes: Uint8Array;
  /** Whether the line ends in a backslash, so that the next line continues it. */
  readonly continued: boolean;
}

/** Splits a file into logical lines, in linear time. */
export function readLines(file: string, bytes: Uint8Array): LogicalLines {
  const lines: LogicalLine[] = [];
  let open: PhysicalLine[] = [];
  let openLength = 0;
  let bomSeen = false;
  let number = 0;
  for (const { from, to } of physicalLines(bytes)) {
    number++;
    if (to - from >= LIMIT) return { lines, tooLong: { file, line: number, column: 1 } };
    let content = bytes.subarray(from, to);
    if (isComment(content)) continue;
    if (!bomSeen && startsWithBom(content)) {
      bomSeen = true;
      content = content.subarray(3);
    }
    openLength += content.length;
    if (open.length > 0 && openLength > LIMIT) {
      return { lines, tooLong: { file, line: number, column: 1 } };
    }
    const continued = trailingBackslashes(content) % 2 === 1;
    open.push({ line: number, bytes: continued ? content.subarray(0, -1) : content, continued });
    if (continued) continue;
    lines.push(join(open));
    open = [];
    openLength = 0;
  }
  if (open.length > 0) lines.push(join(open));
  return { lines };
}

/**
 * Physical lines without their ends. An end is \n, \r, NUL, or a run of these in which none repeats: \r\n, \n\r, \n\0.
 */
function* physicalLines(bytes: Uint8Array): Generator<{ from: number; to: number }> {
  const isEnd = (byte: number | undefined) => byte === NEWLINE || byte === RETURN || byte === 0;
  let at = 0;
  while (at < bytes.length) {
    const from = at;
    while (at < bytes.length && !isEnd(bytes[at])) at++;
    const to = at;
    const seen = new Set<number>();
    while (at < bytes.length && isEnd(bytes[at]) && !seen.has(bytes[at]!) && !seen.has(0)) {
      seen.add(bytes[at]!);
      at++;
    }
    yield { from, to };
  }
}

function isComment(bytes: Uint8Array): boolean {
  let at = 0;
  while (isBlank(String.fromCharCode(bytes[at] ?? 0))) at++;
  return bytes[at] === 0x23 || bytes[at] === 0x3b;
}

const startsWithBom = (bytes: Uint8Array) => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

function trailingBackslashes(bytes: Uint8Array): number {
  let count = 0;
  while (bytes[bytes.length - 1 - count] === BACKSLASH) count++;
  return count;
}

function join(segments: readonly PhysicalLine[]): LogicalLine {
  const starts: number[] = [];
  let text: string | undefined = '';
  for (const segment of segments) {
    const part = decode(segment.bytes);
    if (part === undefined) return { text: undefined, place: () => ({ line: segment.line, column: 1 }) };
    starts.push(text.length);
    text += segment.continued ? `${part} ` : part;
  }
  const place = (offset: number) => {
    let index = starts.length - 1;
    while (index > 0 && starts[index]! > offset) index--;
    return { line: segments[index]!.line, column: offset - starts[index]! + 1 };
  };
  return { text, place };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return NONCHARACTER.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
