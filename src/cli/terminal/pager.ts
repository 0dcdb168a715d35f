/** A pager for long output: systemctl(1)'s way, with its variables. */
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { parseBoolean } from '../../systemd/unit/values.js';
import { type Environment, isDumb, type OutputStream } from './theme-of.js';

/** A program to try, and its environment. */
export interface Pager {
  readonly argv: readonly string[];
  readonly environment: Environment;
}

/** less(1)'s options: quits at the end of one screen, shows colours, cuts lines, leaves the screen as it is. */
const LESS_OPTIONS = 'FRSXMK';

/** The folders where less(1) is looked for if the caller's rights are another's: no path of the environment counts. */
const TRUSTED_PATH = '/usr/bin:/bin';

/** Variables about the terminal and the language, which a program may have from anyone. */
const HARMLESS = ['TERM', 'COLORTERM', 'COLUMNS', 'LINES', 'LANG', 'LC_ALL', 'LC_CTYPE', 'LC_MESSAGES'];

/**
 * The pagers to try, in turn; none where the caller wants none.
 * @param isElevated whether the program has other rights than whoever logged in. A pager starts programs and writes
 *   files for its user: it is less(1) in its secure mode then, unless `$SYSTEMD_PAGERSECURE` is set.
 */
export function pagersOf(environment: Environment, isElevated: boolean): Pager[] {
  const { SYSTEMD_PAGER, PAGER, SYSTEMD_LESS, SYSTEMD_LESSCHARSET, SYSTEMD_PAGERSECURE } = environment;
  const named = SYSTEMD_PAGER ?? PAGER;
  const argv = named?.trim().split(/\s+/) ?? [];
  if (named !== undefined && (argv[0] === '' || (argv[0] === 'cat' && argv.length === 1))) return [];
  const isSet = SYSTEMD_PAGERSECURE !== undefined;
  const isSecure = isSet ? parseBoolean(SYSTEMD_PAGERSECURE) !== false : isElevated;
  const base = isSecure && !isSet ? trusted(environment) : environment;
  const forLess = {
    ...base,
    LESS: isSecure && !isSet ? LESS_OPTIONS : (SYSTEMD_LESS ?? LESS_OPTIONS),
    LESSCHARSET: SYSTEMD_LESSCHARSET ?? 'utf-8',
    LESSSECURE: isSecure ? '1' : undefined,
  };
  const less = { argv: ['less'], environment: forLess };
  const own = named !== undefined && (isSet || !isSecure) ? [{ argv, environment: forLess }] : [];
  return isSecure ? [...own, less] : [...own, { argv: ['pager'], environment: forLess }, less];
}

const trusted = (environment: Environment): Environment => ({
  ...Object.fromEntries(HARMLESS.map((name) => [name, environment[name]])),
  PATH: TRUSTED_PATH,
});

/** The lines that a text takes on a terminal. */
export const linesOn = (text: string, columns: number): number =>
  stripVTControlCharacters(text)
    .replace(/\n$/, '')
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);

/**
 * Shows a text that is longer than the terminal by a pager, and waits until its reader has left.
 * @returns false if the text has still to be printed
 */
export async function showPaged(
  text: string,
  size: OutputStream,
  environment: Environment,
): Promise<boolean> {
  const { columns = 0, rows = 0 } = size;
  if (isDumb(environment) || rows === 0 || linesOn(text, columns || 80) < rows) return false;
  const { spawnSync } = await import('node:child_process');
  // An interrupt is for the pager. A signal with a handler is the usual one again for a program that is started.
  const leave = () => undefined;
  process.on('SIGINT', leave);
  try {
    return pagersOf(environment, hasOtherRights(environment)).some(({ argv, environment: env }) => {
      const stdio: ['pipe', 'inherit', 'inherit'] = ['pipe', 'inherit', 'inherit'];
      const { error } = spawnSync(argv[0]!, argv.slice(1), { input: text, stdio, env: { ...env } });
      return !NOT_STARTED.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
    });
  } finally {
    process.off('SIGINT', leave);
  }
}

/** Errors of a program that couldn't be started. */
const NOT_STARTED = ['ENOENT', 'EACCES'];

/** Whether the program's user is another than who logged in, as the kernel has kept it, or than who called sudo(8). */
function hasOtherRights({ SUDO_UID }: Environment): boolean {
  if (SUDO_UID !== undefined) return true;
  try {
    return readFileSync('/proc/self/loginuid', 'utf8').trim() !== `${process.geteuid?.()}`;
  } catch {
    return true;
  }
}
