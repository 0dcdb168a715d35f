import type { Scope } from './unit/search.js';

/**
 * A command line of sandbox-unit for a hint, which works as it is: for a user's unit it says `--user`.
 * @param words the verb and its options
 */
export const ownCommand = (scope: Scope, words: string, unit?: string): string =>
  `sandbox-unit ${words}${scope === 'user' ? ' --user' : ''}${unit === undefined ? '' : ` ${shellWord(unit)}`}`;

/** A command line of systemctl(1) for a hint, which works as it is: for a user's unit it says `--user`. */
export const systemctl = (scope: Scope, verb: string, unit?: string): string =>
  `systemctl${scope === 'user' ? ' --user' : ''} ${verb}${unit === undefined ? '' : ` ${shellWord(unit)}`}`;

/**
 * A command line of sandbox-unit that the manager runs: outside of the caller's control group, and of filters that its
 * login has given it.
 * @param words the verb and its options
 */
export const outsideOfLogin = (scope: Scope, words: string, unit: string): string =>
  `systemd-run${scope === 'user' ? ' --user' : ''} --wait --pipe ${ownCommand(scope, words, unit)}`;

/**
 * A command line about a unit of a user's own manager that takes capabilities which a user lacks.
 * @param words the command and its options
 * @param how `pty` for one that a key ends
 */
export const withCapabilities = (
  capabilities: string,
  words: string,
  unit: string,
  how: 'pipe' | 'pty' = 'pipe',
): string =>
  `sudo systemd-run --${how} --uid=$USER -p AmbientCapabilities='${capabilities}' ${ownCommand('user', words, unit)}`;

/** A command line of journalctl(1) for a hint, for all that concerns a unit. */
export const journalctl = (scope: Scope, unit: string): string =>
  `journalctl ${scope === 'user' ? '--user --user-unit' : '--unit'} ${shellWord(unit)}`;

/** Quotes a text as one word of a shell's command line. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
