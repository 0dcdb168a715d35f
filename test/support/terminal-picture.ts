/** Pictures of a terminal: what commands have printed on one, as SVG. */

/** A command line, and what it has printed on a terminal, with its control sequences. */
export interface Shown {
  readonly command: string;
  readonly printed: string;
}

/** Attributes of the text by codes of SGR (console_codes(4)): these are what styles of the command have. */
const ATTRIBUTES: ReadonlyMap<number, string> = new Map([
  [1, 'font-weight="bold"'],
  [4, 'text-decoration="underline"'],
  [31, 'fill="#ff8f85"'],
  [32, 'fill="#74d68f"'],
  [35, 'fill="#dcaaf5"'],
  [36, 'fill="#73cfe0"'],
]);

/** Codes of SGR that end others. */
const ENDS: ReadonlyMap<number, (code: number) => boolean> = new Map([
  [22, (code) => code === 1],
  [24, (code) => code === 4],
  [39, (code) => code >= 30],
]);

/** The palette is the picture's own, so that a page's background, light or dark, doesn't matter. */
const [BACKGROUND, BORDER, TEXT, PROMPT, COMMAND] = ['#1d232b', '#5a6572', '#d3dae3', '#98a3b0', '#ffffff'];

/** Sizes in pixels; a character of a monospace font is 0.6 times as wide as the font is high. */
const [FONT, CELL, LINE, MARGIN] = [13, 7.8, 17, 16];

const FONTS =
  "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";

/** A piece of a line, with the attributes of a tspan. */
type Piece = readonly [text: string, attributes: string];

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const escaped = (text: string): string => text.replace(/[&<>]/g, (one) => ESCAPES[one]!);

const ESCAPE = '\u001b[';

/** Goes to the begin of the line, and clears it (console_codes(4)). */
const CLEAR = `\r${ESCAPE}K`;

/** The lines that are left in the end: a line about what is being done comes and goes. */
function linesOf(printed: string): string[] {
  const left = printed.split('\n').map((line) => line.split(CLEAR).at(-1)!);
  return left.at(-1) === '' ? left.slice(0, -1) : left;
}

/** The pieces of a line, each in one style. @throws Error for a control sequence that has no picture here */
function piecesOf(line: string): Piece[] {
  const styles = new Set<number>();
  return line.split(ESCAPE).flatMap((part, i): Piece[] => {
    const [, code, text] = i === 0 ? [part, '0', part] : (/^(\d+)m(.*)$/.exec(part) ?? []);
    if (code === undefined || text === undefined || /\p{Cc}/u.test(text))
      throw new Error(`no picture of ${JSON.stringify(part)}`);
    if (i > 0) take(styles, Number(code));
    const attributes = [...styles].map((one) => ` ${ATTRIBUTES.get(one)}`).join('');
    return text === '' ? [] : [[text, attributes]];
  });
}

function take(styles: Set<number>, code: number): void {
  const ends = ENDS.get(code);
  if (ends) for (const one of [...styles].filter(ends)) styles.delete(one);
  else if (ATTRIBUTES.has(code)) styles.add(code);
  else throw new Error(`no picture of the style ${code}`);
}

/**
 * A line of text. Columns of a table begin where they should with any font, since each piece has its place. A piece has no
 * spaces at its ends: SVG leaves them out.
 */
function lineOf(pieces: readonly Piece[], row: number): string {
  let column = 0;
  const spans = pieces.flatMap(([text, attributes]) =>
    text.split(/(^ +| {2,}| $)/).map((words) => {
      const x = Number((MARGIN + column * CELL).toFixed(1));
      column += words.length;
      return words.trim() === '' ? '' : `<tspan x="${x}"${attributes}>${escaped(words)}</tspan>`;
    }),
  );
  return spans.length === 0 ? '' : `<text y="${MARGIN + FONT + row * LINE}">${spans.join('')}</text>\n`;
}

/**
 * An SVG of a terminal in which these commands were run by root, an empty line between them. A line of text is a line of it.
 * @throws Error for what has no picture here, and for a line that is wider than the terminal
 */
export function terminalPicture(all: readonly Shown[], title: string, columns: number): string {
  const lines = all.flatMap(({ command, printed }, i): Piece[][] => [
    ...(i > 0 ? [[]] : []),
    [
      ['# ', ` fill="${PROMPT}"`],
      [command, ` fill="${COMMAND}" font-weight="bold"`],
    ],
    ...linesOf(printed).map(piecesOf),
  ]);
  for (const line of lines) {
    const text = line.map(([words]) => words).join('');
    if (text.length > columns) throw new Error(`wider than ${columns} columns: ${text}`);
  }
  const [width, height] = [2 * MARGIN + Math.ceil(columns * CELL), 2 * MARGIN + lines.length * LINE];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img"`,
    ` font-family="${FONTS}" font-size="${FONT}" fill="${TEXT}">\n<title>${escaped(title)}</title>\n`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${BACKGROUND}" stroke="${BORDER}"/>\n`,
    ...lines.map(lineOf),
    '</svg>\n',
  ].join('');
}
