/** The table of learned services, in Markdown. */
import { median } from '../../bench/row.js';
import { oneLine } from './outcome.js';

/** Facts of a service that was learned and confined. */
export interface LearnedFacts {
  /** System calls of this machine by what the policy does with them. */
  readonly calls: Readonly<Record<'allowed' | 'logged' | 'refused', number>>;
  /** As `systemd-analyze security` rates the unit: before, on the first day, and promoted. */
  readonly exposure: readonly number[];
  /** Minutes that the service was watched for before it was confined. */
  readonly minutes: number;
}

export interface Learned {
  /** Of the script of its work. */
  readonly name: string;
  /** Undefined where it did not get so far. */
  readonly facts?: LearnedFacts;
  /** Everything that was wrong. */
  readonly problems: readonly string[];
}

const HEAD = [
  'service',
  'allowed',
  'logged',
  'refused',
  'exposure before',
  'first day',
  'promoted',
  'minutes',
  '',
];

/** A row a service, and one of medians. */
export function tableOf(all: readonly Learned[]): string {
  const known = all.flatMap(({ facts }) => (facts === undefined ? [] : [facts]));
  const rule = HEAD.map((_, i) => (i === 0 || i === HEAD.length - 1 ? '---' : '--:'));
  const last = known.length > 1 ? [row(['median', ...medians(known), ''])] : [];
  return [row(HEAD), row(rule), ...all.map(rowOf), ...last].join('');
}

const row = (words: readonly string[]): string => `| ${words.join(' | ')} |\n`;

/** The row of one service. */
export const rowOf = (learned: Learned): string => row(cells(learned));

const cells = ({ name, facts, problems }: Learned): string[] => [
  name,
  ...(facts === undefined ? HEAD.slice(2).map(() => '') : numbersOf(facts).map(shown)),
  problems.length === 0 ? 'works' : problems.map(oneLine).join('; '),
];

const numbersOf = ({ calls, exposure, minutes }: LearnedFacts): Numbers => [
  ...[calls.allowed, calls.logged, calls.refused],
  ...exposure,
  minutes,
];

type Numbers = readonly number[];

/** Whole numbers of calls; exposure and minutes to one digit. */
const shown = (value: number, column: number): string =>
  column < 3 ? `${Math.round(value)}` : value.toFixed(1);

const medians = (all: readonly LearnedFacts[]): string[] => {
  const rows = all.map(numbersOf);
  return rows[0]!.map((_, column) => shown(median(rows.map((row) => row[column]!)), column));
};
