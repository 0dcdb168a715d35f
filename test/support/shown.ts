/** Whether what a command prints is what a document shows of it, and how a document is mended where it isn't. */
import type { Lines } from './document.js';

/** What differs from run to run and from machine to machine, each with what stands for it. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\b(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?: UTC|Z)?\b/g, 'TIME'],
  [/\b[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d\b/g, 'TIME'],
  [/\b\d{4}([-/])\d\d\1\d\d\b/g, 'DATE'],
  [/\b\d\d:\d\d:\d\d(?:\.\d+)?\b/g, 'CLOCK'],
  [/\b\d+(?:\.\d+)? ?(?:ns|us|ms|s|min|h|d)\b/g, 'DURATION'],
  [/\bsystemd \d[\w.~+-]*/g, 'systemd VERSION'],
  [/\bLinux \d+\.\d+[\w.+-]*/g, 'Linux VERSION'],
  [/\b(?=[a-f]*\d)[0-9a-f]{12,}\b/g, 'HASH'],
  [/(\bpid[ =]|\bPID |\[)\d+\b/g, '$1PID'],
  [/\b\d+#\d+:/g, 'PID:'],
  [/\b\d[\d,]* (uses|calls|let|more|records|times|were)\b/g, 'N $1'],
  [/(\.toml:)\d+:\d+/g, '$1PLACE'],
  [/^ *\d+ \|/g, 'PLACE |'],
  [/[ \t]+/g, ' '],
  [/(?:─|-){3,}/g, '---'],
];

const plain = (line: string): string =>
  VOLATILE.reduce((text, [pattern, name]) => text.replace(pattern, name), line).trimEnd();

const LEFT_OUT = '…';

/** Whether a line is what the page shows, in which `…` stands for any text. */
function isShownAs(shown: string, line: string): boolean {
  const parts = plain(shown).split(LEFT_OUT);
  const pattern = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*');
  return new RegExp(`^${pattern}$`).test(plain(line));
}

/** Runs of lines that the page shows whole, between lines that are `…` alone. */
function runsOf(shown: readonly string[]): string[][] {
  const runs: string[][] = [[]];
  for (const line of shown) line.trim() === LEFT_OUT ? runs.push([]) : runs.at(-1)!.push(line);
  return runs;
}

/** Whether these lines are here what the run shows. */
const isAt = (run: readonly string[], lines: readonly string[], at: number): boolean =>
  at + run.length <= lines.length && run.every((line, offset) => isShownAs(line, lines[at + offset]!));

/** Whether what was printed is what a page shows, times and the like aside. A line `…` stands for any lines. */
export function isAsShown(shown: readonly string[], printed: readonly string[]): boolean {
  const [first = [], ...others] = runsOf(shown);
  const last = others.pop();
  if (last === undefined) return first.length === printed.length && isAt(first, printed, 0);
  if (!isAt(first, printed, 0)) return false;
  let from = first.length;
  for (const run of others) {
    while (!isAt(run, printed, from)) if (++from > printed.length) return false;
    from += run.length;
  }
  return isAt(last, printed, Math.max(from, printed.length - last.length));
}

const wordsOf = (line: string): string[] => plain(line).match(/[\w.@/-]+/g) ?? [];

/** How alike two lines are, from 0 to 1, by the words that they share. */
function likeness(a: string, b: string): number {
  if (isShownAs(a, b)) return 1;
  const [left, right] = [wordsOf(a), wordsOf(b)];
  const shared = left.filter((word) => right.includes(word)).length;
  return shared / Math.max(left.length, right.length, 1);
}

/** The line that is most like the one shown, not before `from`. */
function nearest(shown: string, lines: readonly string[], from: number): number {
  const likenesses = lines.slice(from).map((line) => likeness(shown, line));
  const best = Math.max(0, ...likenesses);
  if (best < 0.3) throw new Error(`nothing is printed like the line '${shown}'`);
  return from + likenesses.indexOf(best);
}

/**
 * What the page should show of this: the same pieces, as they are now. A line that is as shown keeps its `…`.
 * @throws Error where a line between two `…` has nothing like it any more
 */
export function shownAnew(shown: readonly string[], printed: readonly string[]): string[] {
  const runs = runsOf(shown);
  let from = 0;
  const pieces = runs.map((run, index) => {
    const [isFirst, isLast] = [index === 0, index === runs.length - 1];
    if (run.length === 0 && runs.length > 1) return [];
    const start = isFirst ? 0 : nearest(run[0]!, printed, from);
    const end = isLast
      ? printed.length
      : nearest(run.at(-1)!, printed, start + Math.min(1, run.length - 1)) + 1;
    from = end;
    return printed
      .slice(start, end)
      .map((line) => run.find((old) => old.includes(LEFT_OUT) && isShownAs(old, line)) ?? line.trimEnd());
  });
  return pieces.flatMap((piece, index) => (index === 0 ? piece : [LEFT_OUT, ...piece]));
}

/** A page with other lines in these places, which are in the page's order. */
export function withShown(text: string, changes: readonly (readonly [Lines, readonly string[]])[]): string {
  const lines = text.split('\n');
  for (const [{ from, to }, shown] of changes.toReversed()) lines.splice(from, to - from, ...shown);
  return lines.join('\n');
}
