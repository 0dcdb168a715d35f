import { printable } from '../../diagnostic.js';
import { PLAIN, type Role, type Theme } from '../../theme.js';

/** A cell: its text, and what it is where a terminal shows that. */
export type Cell = string | readonly [text: string, role: Role];

/** A cell of a role, or of none. */
export const styled = (text: string, role: Role | undefined): Cell => (role ? [text, role] : text);

export interface TableOptions {
  readonly indent?: string;
  readonly theme?: Theme;
  /** Names of the columns. */
  readonly head?: readonly string[];
  /** Which words may be cut in the middle, since they are whole elsewhere: all, so that each row takes one line, or the last column's. */
  readonly cuts?: 'all' | 'last';
}

const GAP = '  ';

interface Printed {
  readonly text: string;
  readonly role: Role | undefined;
}

/**
 * Rows in columns, fit for a terminal; the last column isn't padded. A row of one cell stands across all columns.
 * Where the theme has too few columns for the table, cells are broken into lines between their words, the widest
 * columns' first, then within paths and lists, and as a last resort within names of columns.
 */
export function table(rows: readonly (readonly Cell[])[], options: TableOptions = {}): string {
  const { indent = '', theme = PLAIN, head, cuts } = options;
  const headings = head ? [head.map((text): Cell => [text, 'heading'])] : [];
  const printed = [...headings, ...rows].map((row) => row.map(printedCell));
  const room = theme.columns - indent.length;
  const fit = cuts && room < Infinity ? CUTS[cuts](printed, room) : printed;
  const { broken, used } = brokenRows(fit, cuts === 'all' ? Infinity : room);
  return broken
    .flatMap((row) => linesOf(row, used, theme).map((line) => `${indent}${line}\n`))
    .map((line) => (line.trim() === '' ? '\n' : line))
    .join('');
}

function printedCell(cell: Cell): Printed {
  const [text, role] = typeof cell === 'string' ? [cell, undefined] : cell;
  return { text: printable(text, Number.POSITIVE_INFINITY), role };
}

interface BrokenRows {
  readonly broken: readonly (readonly Broken[])[];
  /** The width of each column. */
  readonly used: readonly number[];
}

/** All cells in lines, which fit where they can. Room that a column has and doesn't need is for those that are broken. */
function brokenRows(rows: readonly (readonly Printed[])[], room: number): BrokenRows {
  const whole = mostOf(rows, ({ text }) => text.length);
  let fit = brokenAt(rows, fitted(rows, whole, room));
  for (let i = whole.length - 1; i >= 0; i--) {
    const [used, spare] = [fit.used[i]!, room - widthOf(fit.used)];
    if (spare > 0 && used < whole[i]!)
      fit = brokenAt(rows, fit.used.with(i, Math.min(whole[i]!, used + spare)));
  }
  return fit;
}

function brokenAt(rows: readonly (readonly Printed[])[], widths: readonly number[]): BrokenRows {
  const broken = rows.map((row) => row.map((cell, i) => brokenCell(cell, row.length > 1, widths[i]!)));
  return { broken, used: mostOf(broken, ({ lines }) => Math.max(...lines.map((line) => line.length))) };
}

/** The widths of all columns, by those of their cells, and so that they fit where they can. */
function fitted(
  rows: readonly (readonly Printed[])[],
  whole: readonly number[],
  room: number,
): readonly number[] {
  // A long path that is broken leaves all other cells whole, where words alone would break many in vain.
  const byWords = narrowed(whole, longestIn(rows, WORDS), room);
  if (widthOf(byWords) <= room) return byWords;
  const byPieces = narrowed(whole, longestIn(rows, PIECES), room);
  return widthOf(byPieces) <= room ? byPieces : narrowed(whole, leastOf(rows), room);
}

/** The longest piece of each column. */
const longestIn = (rows: readonly (readonly Printed[])[], pattern: RegExp, ofName = Infinity): number[] =>
  mostOf(rows, ({ text, role }) => {
    const longest = Math.max(...text.split(pattern).map((piece) => piece.length));
    return role === 'heading' ? Math.min(longest, ofName) : longest;
  });

/** The widths below which no column can go. */
const leastOf = (rows: readonly (readonly Printed[])[]): number[] => longestIn(rows, PIECES, LEAST_NAME);

/** Characters that are left of a column's name in each of its lines, and of a word that is cut. */
const LEAST_NAME = 5;
const LEAST_CUT = 8;

/** Rows whose last column has words that are cut in the middle, where nothing else would make the table fit. */
function withLastCut(rows: readonly (readonly Printed[])[], room: number): readonly (readonly Printed[])[] {
  const least = leastOf(rows);
  const [last, over] = [least.length - 1, widthOf(least) - room];
  if (over <= 0) return rows;
  const most = Math.max(LEAST_CUT, least[last]! - over);
  const cut = (text: string) =>
    text
      .split(WORDS)
      .map((word) => cutInMiddle(word, most))
      .join(' ');
  return rows.map((row) => row.map((cell, i) => (i === last ? { ...cell, text: cut(cell.text) } : cell)));
}

/** Rows that take one line each: the last column is cut first, then the widest ones, never the first, which names the row. */
function withAllCut(rows: readonly (readonly Printed[])[], room: number): readonly (readonly Printed[])[] {
  const whole = mostOf(rows, ({ text }) => text.length);
  const last = whole.length - 1;
  const least = whole.map((width, i) => (i === 0 ? width : Math.min(width, LEAST_CUT)));
  const lastCut = narrowed(whole, whole.with(last, Math.min(whole[last]!, LEAST_CUT * 2)), room);
  const widths = narrowed(lastCut, least, room);
  return rows.map((row) =>
    row.map((cell, i) => ({ ...cell, text: cutInMiddle(cell.text, row.length > 1 ? widths[i]! : room) })),
  );
}

const CUTS = { all: withAllCut, last: withLastCut };

/** A text of this many characters at most, without those in its middle. */
function cutInMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const before = text.slice(0, Math.ceil((most - 1) / 2)).replace(/[\ud800-\udbff]$/, '');
  const after = text.slice(-Math.floor((most - 1) / 2)).replace(/^[\udc00-\udfff]/, '');
  return `${before}…${after}`;
}

const widthOf = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);

/** The ends of words, and of what they are made of. */
const WORDS = / /;
const PIECES = /(?<=[/,]) ?| /;

/** The ends of characters. */
const CHARACTERS = /(?:)/;

/** Widths from which a row takes what it has too much, the widest columns' first. */
function narrowed(whole: readonly number[], least: readonly number[], room: number): readonly number[] {
  const widths = [...whole];
  for (let over = widthOf(widths) - room; over > 0; over = widthOf(widths) - room) {
    const open = widths.flatMap((width, i) => (width > least[i]! ? [i] : []));
    if (open.length === 0) break;
    const [first, second = 0] = open.map((i) => widths[i]!).sort((a, b) => b - a) as [number, number?];
    const widest = open.find((i) => widths[i] === first)!;
    widths[widest] = Math.max(least[widest]!, Math.min(first - 1, Math.max(first - over, second)));
  }
  return widths;
}

/** The most that a cell of each column measures. */
function mostOf<T>(rows: readonly (readonly T[])[], measure: (cell: T) => number): number[] {
  const cells = rows.filter((row) => row.length > 1);
  return Array.from({ length: Math.max(0, ...cells.map((row) => row.length)) }, (_, i) =>
    cells.reduce((most, row) => (i < row.length ? Math.max(most, measure(row[i]!)) : most), 0),
  );
}

interface Broken {
  readonly lines: readonly string[];
  readonly role: Role | undefined;
}

const brokenCell = ({ text, role }: Printed, isInColumn: boolean, width: number): Broken => ({
  lines: isInColumn ? brokenText(text, width, role === 'heading' ? CHARACTERS : PIECES) : [text],
  role,
});

/** A row in as many lines as its longest cell takes. */
function linesOf(row: readonly Broken[], widths: readonly number[], theme: Theme): string[] {
  const last = row.length - 1;
  const height = Math.max(...row.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    row
      .map(({ lines, role }, i) => {
        const text = lines[line] ?? '';
        const shown = role && text !== '' ? theme.paint(role, text) : text;
        return i < last ? shown + ' '.repeat(widths[i]! - text.length) : shown;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** A text in lines that fit, those after the first further in. */
export function wrapped(text: string, { columns }: Theme, indent = ''): string {
  const room = columns - indent.length;
  const lines = text.length <= room ? [text] : brokenText(text, room - GAP.length);
  return lines.map((line, i) => `${indent}${i > 0 ? GAP : ''}${line}`).join('\n');
}

/** A text in lines of some width at most: between words, or within one that is longer. */
function brokenText(text: string, width: number, pattern = PIECES): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(WORDS)) {
    const pieces = word.length > width ? word.split(pattern) : [word];
    pieces.forEach((piece, i) => {
      const longer = line === '' || i > 0 ? line + piece : `${line} ${piece}`;
      if (line !== '' && longer.length > width) {
        lines.push(line);
        line = piece;
      } else line = longer;
    });
  }
  return [...lines, line];
}
