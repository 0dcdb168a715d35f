/** The theme of text on a terminal: what a piece of it is, and the columns that there are. */

/** Roles of a piece of text; each is told by its words or signs, too. */
export const ROLES = [
  ...(['error', 'warning', 'note', 'hint', 'place', 'heading'] as const),
  ...(['by-systemd', 'by-launcher', 'by-both', 'by-nobody'] as const),
  ...(['added', 'removed', 'hunk', 'good', 'doubtful', 'bad'] as const),
] as const;
export type Role = (typeof ROLES)[number];

export interface Theme {
  /** The width that text should keep to; infinite where it goes to no terminal. */
  readonly columns: number;
  /**
   * A text in the style of its role. Text from outside is made printable before it is painted: the style adds
   * control characters.
   */
  readonly paint: (role: Role, text: string) => string;
}

/** Text as files and programs get it. */
export const PLAIN: Theme = { columns: Number.POSITIVE_INFINITY, paint: (_, text) => text };

/** The answers to `--color`. */
export const COLOR_CHOICES = ['auto', 'always', 'never'] as const;
export type ColorChoice = (typeof COLOR_CHOICES)[number];

/** The themes of both streams. */
export interface Themes {
  readonly output: Theme;
  readonly errors: Theme;
}

export const PLAIN_THEMES: Themes = { output: PLAIN, errors: PLAIN };
