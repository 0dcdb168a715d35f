import { printable } from '../../diagnostic.js';
import type { FileChange } from '../../plan/emit/changes.js';
import type { EmittedFile } from '../../plan/emit/files.js';
import type { Plan } from '../../plan/plan.js';
import { hasNameOfKeptPolicy } from '../../systemd/paths/own-files.js';
import type { Role, Theme } from '../../theme.js';
import { filterDiff } from './filter-diff.js';

/** The number of unchanged lines around a change. */
const CONTEXT = 3;

interface DiffLine {
  readonly sign: ' ' | '+' | '-';
  readonly text: string;
}

/**
 * A change of a drop-in or a kept policy as a unified diff, and of a filter call by call; for a program one line without its
 * content.
 * @param plan behind the new files
 */
export function unifiedDiff(change: FileChange, plan?: Plan): string {
  const { kind, path, before, after } = change;
  if (kind === 'unchanged') return '';
  const calls = plan && filterDiff(change, plan);
  if (calls !== undefined) return calls;
  if (!path.endsWith('.conf') && !hasNameOfKeptPolicy(path)) return `Binary file ${path}: ${kind}\n`;
  const lines = compare(linesOf(before), linesOf(after));
  const header = `--- ${before ? path : '/dev/null'}\n+++ ${after ? path : '/dev/null'}\n`;
  return header + hunks(lines).join('');
}

/** A change of a text file as a unified diff; its lines are made fit for a terminal. */
export function textDiff(path: string, before: string, after: string): string {
  const lines = compare(shownLines(before), shownLines(after));
  return `--- ${printable(path)}\n+++ ${printable(path)}\n${hunks(lines).join('')}`;
}

/** Roles of the lines of a diff, by their beginnings. */
const LINES: readonly (readonly [begins: RegExp, role: Role])[] = [
  [/^(?:---|\+\+\+) /, 'place'],
  [/^@@ /, 'hunk'],
  [/^\+/, 'added'],
  [/^-/, 'removed'],
];

/** A diff with each of its lines in the style of what it is. */
export function painted(diff: string, { paint }: Theme): string {
  const lines = diff.split('\n').map((line) => {
    const role = LINES.find(([begins]) => begins.test(line))?.[1];
    return role ? paint(role, line) : line;
  });
  return lines.join('\n');
}

const shownLines = (text: string): string[] =>
  text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line) => printable(line, Number.POSITIVE_INFINITY));

const linesOf = (file: EmittedFile | undefined): string[] =>
  file === undefined ? [] : shownLines(new TextDecoder().decode(file.content));

/** The lines of both texts; those that both begin and end with are passed over, since a policy may have thousands. */
function compare(a: readonly string[], b: readonly string[]): DiffLine[] {
  const most = Math.min(a.length, b.length);
  let begin = 0;
  while (begin < most && a[begin] === b[begin]) begin++;
  let end = 0;
  while (end < most - begin && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const kept = (text: string): DiffLine => ({ sign: ' ', text });
  return [
    ...a.slice(0, begin).map(kept),
    ...compareMiddles(a.slice(begin, a.length - end), b.slice(begin, b.length - end)),
    ...a.slice(a.length - end).map(kept),
  ];
}

/** Most pairs of lines that are compared: those of five thousand lines with as many. */
const MOST_PAIRS = 25_000_000;

/** The lines of both texts, by their longest common subsequence. Of very long texts all lines are told as others. */
function compareMiddles(a: readonly string[], b: readonly string[]): DiffLine[] {
  if (a.length * b.length > MOST_PAIRS) {
    const all = (sign: DiffLine['sign'], texts: readonly string[]) => texts.map((text) => ({ sign, text }));
    return [...all('-', a), ...all('+', b)];
  }
  const length = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i]![j] =
        a[i] === b[j] ? length[i + 1]![j + 1]! + 1 : Math.max(length[i + 1]![j]!, length[i]![j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i]! });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && length[i + 1]![j]! >= length[i]![j + 1]!)) {
      lines.push({ sign: '-', text: a[i++]! });
    } else lines.push({ sign: '+', text: b[j++]! });
  }
  return lines;
}

function hunks(lines: readonly DiffLine[]): string[] {
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ sign }) => sign !== ' '),
  );
  const result: string[] = [];
  for (let start = near.indexOf(true); start >= 0; ) {
    const gap = near.indexOf(false, start);
    const end = gap < 0 ? lines.length : gap;
    result.push(hunk(lines, start, end));
    start = near.indexOf(true, end);
  }
  return result;
}

function hunk(lines: readonly DiffLine[], start: number, end: number): string {
  const range = (other: '+' | '-') => {
    const first = lines.slice(0, start).filter(({ sign }) => sign !== other).length;
    const count = lines.slice(start, end).filter(({ sign }) => sign !== other).length;
    return `${count === 0 ? first : first + 1},${count}`;
  };
  const body = lines.slice(start, end).map(({ sign, text }) => `${sign}${text}\n`);
  return `@@ -${range('+')} +${range('-')} @@\n${body.join('')}`;
}
