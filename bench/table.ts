import type { Row, Unit } from './row.js';

const HEAD = ['', 'baseline', 'ours', 'ratio', 'more', 'aim', 'met'];

/** Rows of one bench as lines of text, in columns. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const padded = lines.map((line) =>
    line.map((cell, column) =>
      isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    ),
  );
  return padded.map((line, i) => [line.join('  ').trimEnd(), ...noteOf(rows[i - 1])].join('\n')).join('\n');
}

const isText = (column: number) => column === 0 || column >= 5;

const noteOf = (row: Row | undefined) => (row?.note === undefined ? [] : [`    ${row.note}`]);

function cells({ name, against, unit, baseline, ours, aim }: Row): string[] {
  const met = aim === undefined ? '' : aim.met ? 'yes' : 'NO';
  return [
    `${name}, over ${against}`,
    shown(baseline, unit),
    shown(ours, unit),
    (ours / baseline).toFixed(2),
    shown(ours - baseline, unit),
    aim?.text ?? '',
    met,
  ];
}

const shown = (value: number, unit: Unit): string => `${unit === 'calls' ? value : rounded(value)} ${unit}`;

/** Three digits say as much as such measurements can. */
const rounded = (value: number): string =>
  value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
