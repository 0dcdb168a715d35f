/** Diagnostics: the problem, its place, and the way out. Every error that a user sees has this one shape. */

import type { Code } from './codes/subjects.js';
import { PLAIN, type Theme } from './theme.js';

/** A place in a text; line and column count from 1. `length` is the number of characters to underline (default 1). */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length?: number;
}

export type Severity = 'error' | 'warning' | 'note';

export interface Diagnostic {
  readonly severity: Severity;
  readonly code: Code;
  /** One line, no full stop, names the thing in single ticks. */
  readonly message: string;
  /** The way out, one line. */
  readonly hint?: string;
  /** The lines that people see a long hint in, of one thought each: the hint has a space in place of each break. */
  readonly hintLines?: readonly string[];
  readonly at?: Location;
}

/** Exit statuses of the command; the manual page lists the same. */
export const EXIT = { ok: 0, findings: 1, failure: 2, pending: 3 } as const;

/** Thrown if no value can be returned; the command prints the diagnostics and exits, never a stack. */
export class UserError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  readonly exit: number;
  /** The texts of files that the diagnostics point into, by file. */
  readonly sources: ReadonlyMap<string, string>;

  constructor(
    diagnostics: Diagnostic | readonly Diagnostic[],
    exit: number = EXIT.findings,
    sources: ReadonlyMap<string, string> = new Map(),
  ) {
    const list = Array.isArray(diagnostics) ? diagnostics : [diagnostics as Diagnostic];
    super(list.map((d) => d.message).join('\n'));
    this.name = 'UserError';
    this.diagnostics = list;
    this.exit = exit;
    this.sources = sources;
  }
}

/** The code of an exception's first diagnostic; undefined for anything but a UserError. */
export const codeOf = (cause: unknown): Code | undefined =>
  cause instanceof UserError ? cause.diagnostics[0]?.code : undefined;

type Extra = { hint?: string | undefined; at?: Location | undefined };

function make(severity: Severity, code: Code, message: string, extra: Extra): Diagnostic {
  return {
    severity,
    code,
    message,
    ...(extra.hint === undefined ? {} : { hint: extra.hint }),
    ...(extra.at === undefined ? {} : { at: extra.at }),
  };
}

export const error = (code: Code, message: string, extra: Extra = {}) => make('error', code, message, extra);
export const warning = (code: Code, message: string, extra: Extra = {}) =>
  make('warning', code, message, extra);
export const note = (code: Code, message: string, extra: Extra = {}) => make('note', code, message, extra);

/** An exception with one error, by which a command ends with `EXIT.failure`. */
export const failure = (code: Code, message: string, extra: Extra = {}): UserError =>
  new UserError(error(code, message, extra), EXIT.failure);

/** A diagnostic for an exception that only a mistake in this program can have thrown. */
export const defect = (cause: unknown, hint?: string): Diagnostic =>
  error('internal', `this is a bug in sandbox-unit: ${cause instanceof Error ? cause.message : cause}`, {
    hint,
  });

/** An error as a warning; a warning and a note stay as they are. */
export const asWarning = (d: Diagnostic): Diagnostic =>
  d.severity === 'error' ? { ...d, severity: 'warning' } : d;

export const hasErrors = (list: readonly Diagnostic[]) => list.some((d) => d.severity === 'error');

/**
 * The most findings of one kind that are worded: nobody reads thousands, and each search for a similar name takes a
 * while.
 */
export const MAX_FINDINGS = 100;

/** The first findings of many, looked for one by one; an error at the end if there are more. */
export function firstOf(found: Iterable<Diagnostic>): Diagnostic[] {
  const list: Diagnostic[] = [];
  for (const one of found) {
    if (list.length === MAX_FINDINGS) {
      return [
        ...list,
        error('too-many', `only the first ${MAX_FINDINGS} findings are shown`, { at: one.at }),
      ];
    }
    list.push(one);
  }
  return list;
}

/**
 * Diagnostics in a reader's order: file by file, from top to bottom, and those without a place last. Equal ones (of two
 * units with one policy) appear once.
 */
export function inOrder(list: readonly Diagnostic[]): Diagnostic[] {
  const files = [...new Set(list.map(({ at }) => at?.file))];
  const rank = new Map(files.map((file, i) => [file, file === undefined ? files.length : i]));
  const once = new Map(list.map((d) => [JSON.stringify(diagnosticJson(d)), d]));
  return [...once.values()].sort(
    ({ at: a }, { at: b }) =>
      rank.get(a?.file)! - rank.get(b?.file)! ||
      (a?.line ?? 0) - (b?.line ?? 0) ||
      (a?.column ?? 0) - (b?.column ?? 0),
  );
}

/** A diagnostic as programs read it: the place's keys stand beside the others. */
const diagnosticJson = ({ at, hintLines: _, ...rest }: Diagnostic) => ({ ...rest, ...at });

/** Diagnostics for programs, in order. */
export const diagnosticsJson = (list: readonly Diagnostic[]) => inOrder(list).map(diagnosticJson);

/**
 * Characters that a reader doesn't see, or sees in another place. These are control and format characters, those that
 * turn or split lines, and those that are drawn as nothing (variation selectors, tags). Characters of no meaning and
 * halves of characters count, too, and marks on a letter that has four of them, which is more than a language needs.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?<=\p{M}{4})\p{M}/gu;

/**
 * Makes text from outside fit for a terminal and one line: unseen characters are written by their numbers, long text is
 * cut.
 */
export function printable(text: string, limit = 200): string {
  const clean = text.replace(UNSEEN, escaped);
  return clean.length > limit ? `${clean.slice(0, limit).replace(/[\ud800-\udbff]$/, '')}…` : clean;
}

/** JSON with unseen characters escaped, which a parser undoes; its line ends stay. */
export const printableJson = (json: string): string =>
  json.replace(UNSEEN, (found) => (found === '\n' ? found : escapedUnits(found)));

/** A character as JSON escapes it: each of its UTF-16 code units (RFC 8259, section 7). */
const escapedUnits = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/** A character as C and TOML write it: `\x1b`, `\u200b`, `\U000e0001`. */
function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
}

/**
 * Renders one diagnostic: `file:line:column: error[code]: message`, the source line with a caret, the hint.
 * @param sources text of each file by its name; without it the frame is left out.
 */
export function renderDiagnostic(
  d: Diagnostic,
  sources?: ReadonlyMap<string, string>,
  { paint, columns }: Theme = PLAIN,
): string {
  const at = sources ? atWord(d, sources) : d.at;
  const place = at ? `${paint('place', `${printable(at.file)}:${at.line}:${at.column}:`)} ` : '';
  const lines = [`${place}${paint(d.severity, `${d.severity}[${d.code}]:`)} ${printable(d.message, 1000)}`];
  if (at && sources) {
    const [line, carets] = frame(at, linesOf(sources, at.file), columns);
    if (line !== undefined)
      lines.push(
        line,
        carets!.replace(/\^+$/, (found) => paint(d.severity, found)),
      );
  }
  const hints = d.hintLines ?? (d.hint ? [d.hint] : []);
  const head = `  ${paint('hint', 'hint:')}`;
  lines.push(...hints.map((hint, i) => `${i === 0 ? head : HINT_INDENT} ${printable(hint, 1000)}`));
  return lines.join('\n');
}

/** The place of the one word of a list that systemd would not accept; the place of the diagnostic for all else. */
function atWord(
  { code, at, message }: Diagnostic,
  sources: ReadonlyMap<string, string>,
): Location | undefined {
  const [, word] = (code === 'directive-value' && /, not '([^'\s]+)'$/.exec(message)) || [];
  if (!at || word === undefined) return at;
  const start = at.column - 1;
  const value = linesOf(sources, at.file)[at.line - 1]?.slice(start, start + (at.length ?? 1)) ?? '';
  const words = [...value.matchAll(/[^\s"',[\]]+/g)];
  const [only, ...others] = words.filter(([found]) => found === word);
  if (!only || others.length > 0 || words.length === 1) return at;
  return { ...at, column: at.column + only.index, length: word.length };
}

/** The columns of `  hint:`, before its further lines. */
const HINT_INDENT = ' '.repeat('  hint:'.length);

/** Lines of each text, split once: a large file may have many diagnostics. */
const splitTexts = new WeakMap<ReadonlyMap<string, string>, Map<string, readonly string[]>>();

function linesOf(sources: ReadonlyMap<string, string>, file: string): readonly string[] {
  const known = splitTexts.get(sources) ?? new Map<string, readonly string[]>();
  splitTexts.set(sources, known);
  const lines = known.get(file) ?? sources.get(file)?.split(/\r?\n/) ?? [];
  if (sources.has(file)) known.set(file, lines);
  return lines;
}

/** A line of a file and the carets below it; as much of them as there are columns for. */
function frame(at: Location, lines: readonly string[], columns: number): string[] {
  const raw = lines[at.line - 1];
  if (raw === undefined || raw.length > 300) return [];
  const text = raw.replace(/^\ufeff/, '').replace(/\t/g, ' ');
  const shown = (from: number, to: number) => printable(text.slice(from, to), Number.POSITIVE_INFINITY);
  const gutter = String(at.line);
  const start = at.column - 1;
  const before = shown(0, start).length;
  const width = Math.max(1, shown(start, start + (at.length ?? 1)).length);
  const line = shown(0, text.length);
  const room = Math.max(LEAST_FRAME, columns - gutter.length - 6);
  const from =
    line.length > room ? Math.max(0, Math.min(before - Math.floor(room / 3), line.length - room)) : 0;
  const [first, last] = [from > 0 ? '…' : '', line.length - from > room ? '…' : ''];
  const part = line.slice(from + first.length, from + room - last.length);
  const carets = Math.max(1, Math.min(width, room - last.length - (before - from)));
  return [
    `  ${gutter} | ${first}${part}${last}`,
    `  ${' '.repeat(gutter.length)} | ${' '.repeat(before - from)}${'^'.repeat(carets)}`,
  ];
}

/** The least columns of a line that is shown in part. */
const LEAST_FRAME = 20;

/** The least length of a word that may stand for what it begins: shorter ones begin many words by chance. */
const LEAST_BEGUN = 4;

/** The candidate nearest to a mistyped word, if it is near enough to be meant, or the only one that it begins. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bound = Math.max(1, Math.floor(word.length / 3)) + 1;
  const begun: string[] = [];
  for (const candidate of candidates) {
    if (word.length >= LEAST_BEGUN && candidate.toLowerCase().startsWith(wanted)) begun.push(candidate);
    if (Math.abs(candidate.length - word.length) >= bound) continue;
    const distance = editDistance(wanted, candidate.toLowerCase(), bound);
    if (distance < bound) {
      best = candidate;
      bound = distance;
    }
  }
  return begun.length === 1 ? begun[0] : best;
}

/** The hint "did you mean"; undefined if no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(word, candidates);
  return found === undefined ? undefined : `did you mean '${found}'?`;
}

/**
 * The edit distance in which a swap of neighbours counts once (optimal string alignment).
 * @returns `bound` if the distance is that or more
 */
function editDistance(a: string, b: string, bound: number): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  let leastBefore = 0;
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, before[j - 2]! + 1);
      }
      current.push(cost);
      least = Math.min(least, cost);
    }
    // A swap looks back two rows.
    if (Math.min(least, leastBefore) >= bound) return bound;
    leastBefore = least;
    before = previous;
    previous = current;
  }
  return Math.min(previous[b.length]!, bound);
}

/** The diagnostic with its unit named, unless the message or the file's name does: units may share a policy. */
export const ofUnit = (d: Diagnostic, unit: string): Diagnostic =>
  d.at?.file.includes(unit) || d.message.includes(unit) ? d : { ...d, message: `${unit}: ${d.message}` };
