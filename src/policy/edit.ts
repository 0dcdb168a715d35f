/** Edits of a policy's text that keep its comments, its order and its line ends. */
import { groupBy } from '../collections.js';
import type { Location } from '../diagnostic.js';
import { assignment, comment, type TomlValue } from './toml-text.js';

/** An edit; places are those that parsePolicy() gives for the text. */
export type TextEdit =
  | {
      readonly kind: 'add';
      /** The table of the list; `[syscalls]` by default. */
      readonly table?: ListTable;
      readonly list: 'allow' | 'deny' | 'log';
      readonly name: string;
      /** The last entry of the list that is there; undefined if the text has no such list. */
      readonly after: Location | undefined;
      /** A comment above all that is added to the list, where its entries have lines of their own. */
      readonly heading?: string;
    }
  /** Takes an entry, by its text, out of a list. */
  | { readonly kind: 'take-out'; readonly entry: string; readonly at: Location }
  /** Puts a text into the place of a string. */
  | { readonly kind: 'replace'; readonly at: Location; readonly text: string }
  /**
   * Puts a text into the place of the first line like a pattern, which is a comment, and where no line is like it does
   * nothing.
   */
  | {
      readonly kind: 'comment';
      /** Matches a whole line, with the flag `m`; `$1` of the text is its first group. */
      readonly like: RegExp;
      readonly text: string;
      /** The table that has the comment on top. */
      readonly above: Location;
    }
  /** Gives a line of `[service]` a value, or takes the line out with the comment above it. */
  | {
      readonly kind: 'line';
      readonly name: string;
      /** Undefined takes out a line that is there. */
      readonly value: TomlValue | undefined;
      /** A comment above it, in the place of the one that is there. */
      readonly why?: string | undefined;
      /** The places of the line's key and value; undefined: there is no such line yet. */
      readonly at: LinePlace | undefined;
      /** The line after which a new one comes; undefined: it is the first of the table. */
      readonly after: LinePlace | undefined;
    }
  /** Takes out the first text like a pattern, of whole lines. */
  | { readonly kind: 'cut'; readonly like: RegExp }
  /** Inserts tables before the one that begins at a place, or at the end. */
  | { readonly kind: 'insert'; readonly text: string; readonly before: Location | undefined };

/** The places of a line of `[service]`, as a DirectiveEntry has them. */
export interface LinePlace {
  readonly at: Location;
  readonly valueAt: Location;
}

/** A table of a policy that has lists of calls. */
export type ListTable = 'syscalls' | 'ready';

type LineEdit = TextEdit & { readonly kind: 'line' };

const hasPlace = (edit: LineEdit): edit is LineEdit & { at: LinePlace } => edit.at !== undefined;

/** A part of a text, and the text that takes its place; offsets in UTF-16 units. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The most columns of a line that is written. */
const WIDTH = 100;

/**
 * Edits a policy's text. It isn't parsed: the caller holds the result against what it is to mean.
 * @returns undefined where a place isn't as expected, as of a string on several lines
 */
export function editPolicy(source: string, edits: readonly TextEdit[]): string | undefined {
  const isDos = source.includes('\r\n');
  if (isDos && /(?<!\r)\n/.test(source)) return undefined;
  const text = source.replaceAll('\r\n', '\n');
  const splices = splicesOf(text, edits);
  const edited = splices && spliced(text, splices);
  return isDos ? edited?.replaceAll('\n', '\r\n') : edited;
}

function splicesOf(text: string, edits: readonly TextEdit[]): Splice[] | undefined {
  const cuts = edits.flatMap((edit) => (edit.kind === 'take-out' ? [withoutElement(text, edit.at)] : []));
  const lists = groupBy(
    edits.flatMap((edit) => (edit.kind === 'add' ? [edit] : [])),
    ({ table = 'syscalls', list }) => `${table} ${list}`,
  );
  const isNew = (edit: TextEdit): edit is LineEdit =>
    edit.kind === 'line' && edit.at === undefined && edit.value !== undefined;
  const newLines = edits.filter(isNew);
  const found = [
    newLines.length > 0 ? withNewLines(text, newLines) : [],
    ...[...lists.values()].map((adds) => added(text, adds)),
    ...edits.flatMap((edit) => {
      if (edit.kind === 'replace') return [replaced(text, edit.at, edit.text)];
      if (edit.kind === 'comment') return [reworded(text, edit)];
      if (edit.kind === 'cut') return [withoutText(text, edit.like)];
      if (edit.kind === 'line' && hasPlace(edit)) return [withLine(text, edit)];
      return edit.kind === 'insert' ? [inserted(text, edit.text, edit.before)] : [];
    }),
    cuts.every((one) => one !== undefined)
      ? joined(text, lists.has('syscalls log') ? cuts : withEmptied(text, cuts))
      : undefined,
  ];
  return found.every((one) => one !== undefined) ? found.flat() : undefined;
}

/** @param adds entries of one list */
function added(text: string, adds: readonly (TextEdit & { kind: 'add' })[]): Splice[] | undefined {
  const { table = 'syscalls', list, after, heading } = adds[0]!;
  const names = adds.map(({ name }) => name);
  return after ? addedTo(text, after, names, heading) : newList(text, table, list, names);
}

/** The text with all splices; undefined if two are about one part of it. */
function spliced(text: string, splices: readonly Splice[]): string | undefined {
  const inOrder = [...splices].sort((a, b) => a.start - b.start);
  let result = '';
  let at = 0;
  for (const { start, end, text: put } of inOrder) {
    if (start < at) return undefined;
    result += text.slice(at, start) + put;
    at = end;
  }
  return result + text.slice(at);
}

/** The offset of a place; that of the end for a line that isn't there. */
function offsetOf(text: string, { line, column }: Location): number {
  let start = 0;
  for (let i = 1; i < line; i++) {
    const end = text.indexOf('\n', start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  return start + column - 1;
}

/** The offsets of a string on one line, quotes included; undefined if none is there. */
function stringAt(text: string, at: Location): { start: number; end: number } | undefined {
  const start = offsetOf(text, at);
  const end = start + (at.length ?? 0);
  return /^(?:"[^"\\\n]*"|'[^'\n]*')$/.test(text.slice(start, end)) ? { start, end } : undefined;
}

function replaced(text: string, at: Location, put: string): Splice[] | undefined {
  const span = stringAt(text, at);
  return span && [{ ...span, text: put }];
}

function withoutText(text: string, like: RegExp): Splice[] {
  const found = like.exec(text);
  return found ? [{ start: found.index, end: found.index + found[0].length, text: '' }] : [];
}

function reworded(text: string, { like, text: put, above }: TextEdit & { kind: 'comment' }): Splice[] {
  const last = lineStart(text, offsetOf(text, above));
  const first = aboveComments(text, last);
  const found = like.exec(text.slice(first, last));
  if (!found) return [];
  const [line] = found;
  const start = first + found.index;
  return [{ start, end: start + line.length, text: line.replace(like, put) }];
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

const indentOf = (text: string, offset: number): string =>
  /^[ \t]*/.exec(text.slice(lineStart(text, offset)))![0];

const quoted = (names: readonly string[]): string[] => names.map((name) => `"${name}"`);

/** Entries of a list in lines that are filled, each but the last with a comma at its end. */
export function filledLines(names: readonly string[], indent: string, width = WIDTH): string[] {
  const lines: string[] = [];
  for (const [i, entry] of quoted(names).entries()) {
    const put = i === names.length - 1 ? entry : `${entry},`;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + put.length < width)
      lines[lines.length - 1] = `${last} ${put}`;
    else lines.push(indent + put);
  }
  return lines;
}

/** Blanks, line ends and comments between the elements of a list. */
const GAP = '(?:[ \\t\\n]|#[^\\n]*\\n)*';
const TO_BRACKET = new RegExp(`^(${GAP})(,?)(${GAP})\\]`);

/** Entries at the end of a list. @param after its last element */
function addedTo(
  text: string,
  after: Location,
  names: readonly string[],
  heading: string | undefined,
): Splice[] | undefined {
  const span = stringAt(text, after);
  const rest = span && TO_BRACKET.exec(text.slice(span.end));
  if (!span || !rest) return undefined;
  const { start, end } = span;
  const close = end + rest[0].length - 1;
  const own = indentOf(text, start);
  const isOwnLine = /^["']/.test(text.slice(lineStart(text, start) + own.length));
  const lines = filledLines(names, isOwnLine ? own : `${own}  `);
  if (!rest[0].includes('\n')) {
    const put = `, ${quoted(names).join(', ')}`;
    if (lineEnd(text, end) - lineStart(text, end) + put.length <= WIDTH)
      return [{ start: end, end, text: put }];
    return [{ start: end, end: close, text: `,\n${lines.join('\n')},\n${isOwnLine ? '' : own}` }];
  }
  const last = lineStart(text, close);
  if (/[^ \t]/.test(text.slice(last, close))) return undefined;
  const hasComma = rest[2] === ',';
  const title = heading !== undefined && isOwnLine ? `${own}# ${heading}\n` : '';
  const block = `${title}${lines.join('\n')}${hasComma ? ',' : ''}\n`;
  return [...(hasComma ? [] : [{ start: end, end, text: ',' }]), { start: last, end: last, text: block }];
}

const HEADERS: Readonly<Record<ListTable | 'service', RegExp>> = {
  syscalls: /^[ \t]*\[[ \t]*syscalls[ \t]*\][ \t]*(?:#[^\n]*)?$/m,
  ready: /^[ \t]*\[[ \t]*ready[ \t]*\][ \t]*(?:#[^\n]*)?$/m,
  service: /^[ \t]*\[[ \t]*service[ \t]*\][ \t]*(?:#[^\n]*)?$/m,
};

/** A list that isn't there, after the header of its table, or with one at the end. */
function newList(text: string, table: ListTable, list: string, names: readonly string[]): Splice[] {
  const short = `${list} = [${quoted(names).join(', ')}]`;
  const written = short.length <= WIDTH ? short : `${list} = [\n${filledLines(names, '  ').join('\n')},\n]`;
  const header = HEADERS[table].exec(text);
  if (!header) return atEnd(text, `[${table}]\n${written}`);
  const end = header.index + header[0].length;
  return [{ start: end, end, text: `\n${written}` }];
}

const STRING = `(?:"[^"\\\\\\n]*"|'[^'\\n]*')`;
/** A value without escapes, and a list without comments. */
const VALUE = new RegExp(`^(?:true|false|${STRING}|\\[(?:\\s*${STRING}\\s*,?)*\\s*\\])`);

/** The offset behind a value; undefined if it isn't a plain one. */
function valueEnd(text: string, { valueAt }: LinePlace): number | undefined {
  const start = offsetOf(text, valueAt);
  const value = VALUE.exec(text.slice(start));
  return value ? start + value[0].length : undefined;
}

/** A line of `[service]` that is there, with another value or without it. */
function withLine(
  text: string,
  { name, value, why, at }: LineEdit & { at: LinePlace },
): Splice[] | undefined {
  const end = valueEnd(text, at);
  if (end === undefined) return undefined;
  const key = offsetOf(text, at.at);
  if (value !== undefined && why === undefined) return [{ start: key, end, text: assignment(name, value) }];
  const line = lineStart(text, key);
  const above = /(?:^|\n)([ \t]*#[^\n]*\n)$/.exec(text.slice(0, line))?.[1] ?? '';
  if (value !== undefined) return [{ start: line - above.length, end, text: lineText({ name, value, why }) }];
  return [{ start: line - above.length, end: Math.min(lineEnd(text, end) + 1, text.length), text: '' }];
}

const lineText = ({ name, value, why }: Pick<LineEdit, 'name' | 'why'> & { value: TomlValue }): string =>
  `${why === undefined ? '' : `${comment(why)}\n`}${assignment(name, value)}`;

/** New lines of `[service]`, below its others. */
function withNewLines(text: string, edits: readonly LineEdit[]): Splice[] | undefined {
  const put = edits
    .flatMap(({ name, value, why }) => (value === undefined ? [] : [lineText({ name, value, why })]))
    .join('\n');
  const after = edits[0]!.after;
  const header = HEADERS.service.exec(text);
  if (!after && !header) return atEnd(text, `[service]\n${put}`);
  const end = after ? valueEnd(text, after) : header!.index + header![0].length;
  if (end === undefined) return undefined;
  const place = lineEnd(text, end);
  return [{ start: place, end: place, text: `\n${put}` }];
}

function atEnd(text: string, put: string): Splice[] {
  const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  return [{ start: text.length, end: text.length, text: `${gap}${put}\n` }];
}

/** Tables before another one, and before the comment above that. */
function inserted(text: string, put: string, before: Location | undefined): Splice[] | undefined {
  if (!before) return atEnd(text, put);
  const line = lineStart(text, offsetOf(text, before));
  if (!/^[ \t]*\[\[/.test(text.slice(line))) return undefined;
  const start = aboveComments(text, line);
  return [{ start, end: start, text: `${put}\n\n` }];
}

/** An element with its comma. */
function withoutElement(text: string, at: Location): Splice | undefined {
  const span = stringAt(text, at);
  if (!span) return undefined;
  const comma = /^[ \t]*,[ \t]*/.exec(text.slice(span.end));
  if (comma) return { start: span.start, end: span.end + comma[0].length, text: '' };
  const before = /,[ \t]*$/.exec(text.slice(lineStart(text, span.start), span.start));
  const start = before ? span.start - before[0].length : span.start;
  return { start, end: span.end, text: '' };
}

const LOG_LIST = new RegExp(
  `^[ \\t]*log[ \\t]*=[ \\t]*\\[(?:${GAP}(?:"[^"\\n]*"|'[^'\\n]*')[ \\t]*,?)*${GAP}\\][^\\n]*\\n?`,
  'm',
);

/** Cuts of a text, with all of `log` where no entry of it is left: its comments are about these. */
function withEmptied(text: string, cuts: readonly Splice[]): Splice[] {
  const list = LOG_LIST.exec(text);
  if (!list) return [...cuts];
  const [begin, end] = [list.index, list.index + list[0].length];
  const isInside = (cut: Splice) => cut.start >= begin && cut.end <= end;
  const left = joined(
    list[0],
    cuts.filter(isInside).map((cut) => ({ ...cut, start: cut.start - begin, end: cut.end - begin })),
  );
  const rest = spliced(list[0], left) ?? '';
  if (!new RegExp(`\\[${GAP}\\]`).test(rest)) return [...cuts];
  return [...cuts.filter((cut) => !isInside(cut)), { start: aboveComments(text, begin), end, text: '' }];
}

/** The begin of the comment above a line, or of the line. */
function aboveComments(text: string, line: number): number {
  let start = line;
  while (start > 0 && /^[ \t]*#/.test(text.slice(lineStart(text, start - 1), start))) {
    start = lineStart(text, start - 1);
  }
  return start;
}

/** Cuts of a text, those that touch as one. A line of which nothing is left goes as a whole. */
function joined(text: string, cuts: readonly Splice[]): Splice[] {
  const result: Splice[] = [];
  for (const cut of [...cuts].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last && cut.start <= last.end)
      result[result.length - 1] = { ...last, end: Math.max(last.end, cut.end) };
    else result.push(cut);
  }
  return result.map((cut) => {
    const [from, to] = [lineStart(text, cut.start), lineEnd(text, cut.end)];
    if (text.slice(cut.end, to).trim() !== '') return cut;
    if (text.slice(from, cut.start).trim() === '')
      return { ...cut, start: from, end: Math.min(to + 1, text.length) };
    // No blank is left at the end of a line.
    const kept = text.slice(from, cut.start).trimEnd().length;
    return { ...cut, start: from + kept, end: to };
  });
}
