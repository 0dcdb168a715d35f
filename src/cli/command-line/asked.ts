import { JSON_FORMS, type JsonForm } from '../../outcome.js';
import { COLOR_CHOICES, type ColorChoice } from '../../theme.js';

/** The way in which a command line asks to be answered, even one that can't be parsed. */
export interface OutputRequest {
  /** The words with `--json` in the place of `--json=FORM`, which commander doesn't know. */
  readonly words: readonly string[];
  readonly json: boolean;
  readonly jsonForm?: JsonForm;
  readonly color?: ColorChoice;
}

/** The way in which the words of a command line ask to be answered. */
export function askedBy(argv: readonly string[]): OutputRequest {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const own = argv.slice(0, end);
  const found = own.filter((word) => word === JSON_FLAG || word.startsWith(`${JSON_FLAG}=`));
  const jsonForm = FORMS.get(found.findLast((word) => word !== JSON_FLAG) ?? '');
  const color = COLORS.get(own.findLast((word) => COLORS.has(word)) ?? '');
  // Later words of `run` are another program's.
  const isOwn = (i: number) => i < end && argv[0] !== 'run';
  const words = argv.map((word, i) => (isOwn(i) && FORMS.has(word) ? JSON_FLAG : word));
  return { words, json: found.length > 0, ...(jsonForm ? { jsonForm } : {}), ...(color ? { color } : {}) };
}

export const JSON_FLAG = '--json';

/** Forms by the words that ask for them. */
const FORMS: ReadonlyMap<string, JsonForm> = new Map(
  JSON_FORMS.map((form) => [`${JSON_FLAG}=${form}`, form]),
);

const COLORS: ReadonlyMap<string, ColorChoice> = new Map(
  COLOR_CHOICES.map((choice) => [`--color=${choice}`, choice]),
);
