import { type Diagnostic, type Location, printable, warning } from '../../diagnostic.js';
import { skipBlanks, strip } from './exec/word.js';
import { type LogicalLine, readLines } from './lines.js';

/** One `Key=value` in a section of a unit file. */
export interface Assignment {
  readonly section: string;
  readonly key: string;
  /**
   * The value with continuation lines joined and without white space at both ends; quotes, escapes and specifiers are
   * as written.
   */
  readonly value: string;
  /** The place of the key. */
  readonly at: Location;
}

/** A file as systemd reads it. */
export interface UnitFile {
  readonly path: string;
  /** The assignments of all sections, known or not, in the file's order. */
  readonly assignments: readonly Assignment[];
  readonly diagnostics: readonly Diagnostic[];
  /** The place where systemd stops reading; the assignments before it stay in force. */
  readonly stoppedAt?: Location;
}

/**
 * Reads a unit file or drop-in by systemd's rules (systemd.syntax(7); systemd 257). Lines that systemd ignores are
 * warnings; after a warning `unit-file-cut-short` systemd reads nothing more of the file.
 * @param text the bytes of the file; a string stands for its UTF-8
 */
export function parseUnitFile(path: string, text: Uint8Array | string): UnitFile {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const { lines, tooLong } = readLines(path, bytes);
  const assignments: Assignment[] = [];
  const diagnostics: Diagnostic[] = [];
  let section: string | undefined;
  const result = () => ({ path, assignments, diagnostics });
  for (const line of lines) {
    const reading = readLine(path, line, section);
    if (reading.kind === 'section') section = reading.name;
    if (reading.kind === 'assignment') assignments.push(reading.assignment);
    if (reading.kind === 'ignored') diagnostics.push(reading.why);
    if (reading.kind !== 'stop') continue;
    diagnostics.push(cutShort(reading.what, reading.at));
    return { ...result(), stoppedAt: reading.at };
  }
  if (tooLong === undefined) return result();
  diagnostics.push(cutShort('a line of 1 MiB or more', tooLong));
  return { ...result(), stoppedAt: tooLong };
}

type LineReading =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'section'; readonly name: string }
  | { readonly kind: 'assignment'; readonly assignment: Assignment }
  | { readonly kind: 'ignored'; readonly why: Diagnostic }
  | { readonly kind: 'stop'; readonly what: string; readonly at: Location };

function readLine(file: string, line: LogicalLine, section: string | undefined): LineReading {
  if (line.text === undefined) {
    return { kind: 'stop', what: 'a line that is not UTF-8', at: { file, ...line.place(0) } };
  }
  const text = strip(line.text);
  if (text === '') return { kind: 'nothing' };
  const place = { file, ...line.place(skipBlanks(line.text, 0)) };
  if (text.startsWith('[')) return readHeader(text, place);
  const ignored = (what: string, at: Location): LineReading => ({
    kind: 'ignored',
    why: warning('bad-unit-file', `systemd ignores ${what}: '${printable(text, 60)}'`, { at }),
  });
  if (section === undefined) return ignored('a line outside of a section', place);
  const equals = text.indexOf('=');
  if (equals < 0) return ignored("a line without '='", place);
  const key = strip(text.slice(0, equals));
  if (equals === 0) return ignored('a line without a key', place);
  const at = { ...place, length: key.length };
  return { kind: 'assignment', assignment: { section, key, value: strip(text.slice(equals + 1)), at } };
}

/**
 * A section header. systemd stops reading at one with quotes, backslashes or control characters, or without its closing
 * bracket.
 */
function readHeader(text: string, place: Location): LineReading {
  const name = text.slice(1, -1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  if (text.length > 1 && text.endsWith(']') && !/[\x01-\x1f\x7f"'\\]/.test(name)) {
    return { kind: 'section', name };
  }
  return {
    kind: 'stop',
    what: `the section header '${printable(text, 60)}'`,
    at: { ...place, length: text.length },
  };
}

const cutShort = (what: string, at: Location) =>
  warning('unit-file-cut-short', `systemd stops reading the file at ${what}`, {
    at,
    hint: 'correct the line: systemd ignores the rest of the file',
  });
