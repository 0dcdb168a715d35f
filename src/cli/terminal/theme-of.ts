import { styleText } from 'node:util';
import { type ColorChoice, PLAIN, type Role, type Theme } from '../../theme.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A stream of output: the size of the terminal that it is; undefined where it is none. */
export interface OutputStream {
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

/**
 * Styles that can be read on a light terminal and on a dark one: of the palette's own colours, never a bright one. Yellow
 * is lost on white. Many terminals take bold for bright, which only red and magenta bear.
 */
const STYLES: Readonly<Record<Role, Parameters<typeof styleText>[0]>> = {
  error: ['bold', 'red'],
  warning: ['bold', 'magenta'],
  note: 'bold',
  hint: 'cyan',
  place: 'bold',
  heading: 'underline',
  'by-systemd': 'green',
  'by-launcher': 'cyan',
  'by-both': 'bold',
  'by-nobody': ['bold', 'red'],
  added: 'green',
  removed: 'red',
  hunk: 'cyan',
  good: 'green',
  doubtful: 'magenta',
  bad: ['bold', 'red'],
};

/** Node's own styles; the streams, which it would look at itself from some version on, have been looked at. */
const paint = (role: Role, text: string): string =>
  text === '' ? '' : styleText(STYLES[role], text, { validateStream: false });

/** Whether a terminal can do no more than print. */
export const isDumb = ({ TERM }: Environment): boolean => TERM === undefined || TERM === 'dumb';

/** Whether a stream gets colours: no-color.org, and `TERM=dumb`, decide where the choice is `auto`. */
const hasColours = (
  { columns }: Pick<OutputStream, 'columns'>,
  environment: Environment,
  choice: ColorChoice,
): boolean =>
  choice === 'auto'
    ? columns !== undefined && !environment.NO_COLOR && !isDumb(environment)
    : choice === 'always';

/** The theme of a stream. Where it is no terminal, or one that says no width, lines are as long as they are. */
export function themeOf(
  stream: Pick<OutputStream, 'columns'>,
  environment: Environment,
  choice: ColorChoice = 'auto',
): Theme {
  const columns = stream.columns || PLAIN.columns;
  return hasColours(stream, environment, choice) ? { columns, paint } : { ...PLAIN, columns };
}
