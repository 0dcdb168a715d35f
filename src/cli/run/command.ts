import type { Code } from '../../codes/subjects.js';
import { EXIT, error, printable, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { UnitState } from '../../machine/unit-state.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { lookUpProgram } from '../../prepare/probe/programs.js';
import { systemctl } from '../../systemd/command-lines.js';
import { splitWords, UNREADABLE } from '../../systemd/unit/exec/word.js';
import { isTemplate, parseUnitName, type UnitName } from '../../systemd/unit/name.js';
import { normalize } from '../../systemd/unit/path.js';
import type { Scope } from '../../systemd/unit/search.js';
import { parseBoolean, sinceReset } from '../../systemd/unit/values.js';
import type { RunOptions } from './options.js';
import { asksForTimer } from './timer.js';
import type { TransientCommand, UnitSetting } from './unit.js';

/** Reads the parts of a command line that are about the unit. */

const fail = (code: Code, message: string, hint?: string) =>
  new UserError(error(code, message, { hint }), EXIT.findings);

/** The kernel's random UUIDs: Node's own source of them takes longer to load. */
const RANDOM = '/proc/sys/kernel/random/uuid';

/**
 * The unit's name: the given one, or one that no other has.
 * @throws UserError `unit-template`, or the error in the name
 */
export async function unitName({ program }: Context, options: RunOptions): Promise<UnitName> {
  const { unit } = options;
  if (unit === undefined) {
    const random = await program.read(RANDOM);
    const text = random ? new TextDecoder().decode(random.bytes).trim() : crypto.randomUUID();
    return serviceName(`run-r${text.replaceAll('-', '')}.service`);
  }
  const name = serviceName(asksForTimer(options) ? unit.replace(/\.timer$/, '.service') : unit);
  if (isTemplate(name)) {
    throw fail(
      'unit-template',
      `${name.full} is a template`,
      `name an instance: ${name.prefix}@NAME.service`,
    );
  }
  return name;
}

/**
 * Refuses the name of a unit that the manager would refuse: one with a unit file, a transient unit's among them, or a
 * masked one. Drop-ins of the name alone are no unit.
 * @param timer the name of the timer, which must be free, too
 * @throws UserError `unit-exists`
 */
export async function assertNoUnit(
  { system, placement: { scope } }: Context,
  { full }: UnitName,
  timer: string | undefined,
): Promise<void> {
  assertFree(scope, full, await system.unit(full));
  if (timer !== undefined) assertFree(scope, timer, await system.anyUnit(timer));
}

function assertFree(scope: Scope, full: string, state: UnitState): void {
  const { loadState, fragmentPath, transient } = state;
  if (fragmentPath === '' && ['not-found', 'loaded'].includes(loadState)) return;
  const free = `'${systemctl(scope, 'stop', full)}' and '${systemctl(scope, 'reset-failed', full)}' free it`;
  const hint = transient ? `give another name; ${free}` : 'give another name, or none';
  throw fail('unit-exists', `unit ${full} already exists`, hint);
}

/** The directives of a command line: those of --property, then those that other options stand for. */
export function unitSettings({ caller }: Context, options: RunOptions): UnitSetting[] {
  const { serviceType, remainAfterExit, uid, gid, nice, slice, shell } = options;
  const given: readonly (readonly [name: string, text: string | undefined])[] = [
    ['Type', serviceType ?? (shell ? 'exec' : undefined)],
    ['RemainAfterExit', remainAfterExit ? 'yes' : undefined],
    ['User', uid && literal(uid)],
    ['Group', gid && literal(gid)],
    ['Nice', nice],
    ['Slice', slice && sliceName(slice)],
    ['WorkingDirectory', workingDirectory(caller.directory, options)],
  ];
  return [
    ...(options.property ?? []).filter((text) => !isEnvironment(text)).map(readProperty),
    ...given.flatMap(([name, text]) => (text === undefined ? [] : [{ name, text }])),
  ];
}

function sliceName(text: string): string {
  if (text.endsWith('.slice')) return text;
  if (!/\.[a-z]+$/.test(text) || 'severity' in parseUnitName(text)) return `${text}.slice`;
  throw fail('usage', `'${printable(text, 80)}' is not a slice`);
}

/** A text without specifiers: only directives have them. */
const literal = (text: string) => text.replaceAll('%', '%%');

function readProperty(text: string): UnitSetting {
  const equals = text.indexOf('=');
  if (equals > 0) return { name: text.slice(0, equals), text: text.slice(equals + 1) };
  throw fail('usage', `--property wants NAME=VALUE, not '${printable(text, 80)}'`);
}

function workingDirectory(own: string | undefined, options: RunOptions): string | undefined {
  const { workingDirectory: given, sameDir, shell } = options;
  if (given !== undefined) return literal(/^[/~-]/.test(given) ? given : `${here(own)}/${given}`);
  return sameDir || shell ? literal(here(own)) : undefined;
}

/** Whether a word is UTF-8 text: Node puts the replacement character where other bytes are. */
const isText = (text: string): boolean => !text.includes('\ufffd');

function here(own: string | undefined): string {
  if (own !== undefined && isText(own)) return own;
  if (own !== undefined) throw fail('start-failed', 'the name of the current folder is not UTF-8 text');
  throw fail('start-failed', 'the current folder is gone', 'change to another folder');
}

const isEnvironment = (text: string) => text.startsWith('Environment=');

/**
 * `NAME=VALUE` of --setenv and of --property Environment=; the last of several for one name counts.
 * @throws UserError `usage`
 */
export function environmentOf({ caller }: Context, { setenv = [], property = [] }: RunOptions): string[] {
  const lines = property.filter(isEnvironment).map((text) => text.slice('Environment='.length));
  const given = [...sinceReset(lines).flatMap(environmentWords), ...setenv];
  const variables = given.map((text): [name: string, value: string] => {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || text.includes('\0')) {
      throw fail('usage', `'${printable(name, 80)}' is not a valid name of a variable`);
    }
    const own = Object.hasOwn(caller.environment, name) ? caller.environment[name] : undefined;
    if (value === undefined && own !== undefined && !isText(own)) {
      throw fail('usage', `the value of ${name} is not UTF-8 text`);
    }
    return [name, value ?? own ?? ''];
  });
  return [...new Map(variables)].map(([name, value]) => `${name}=${value}`);
}

/** The words of Environment=, as in a unit file, where a name always has a value. */
function environmentWords(text: string): string[] {
  const words = splitWords(text, { quotes: true, escapes: 'c' });
  if (words?.every((word) => word.includes('=') && !UNREADABLE.test(word))) return words;
  throw fail(
    'usage',
    `Environment= wants NAME=VALUE, with quotes around white space: '${printable(text, 80)}'`,
  );
}

/**
 * Whether `$NAME` is expanded.
 * @throws UserError `usage`
 */
export function expands({ expandEnvironment }: RunOptions): boolean {
  const value = parseBoolean(expandEnvironment ?? 'no');
  if (value !== undefined) return value;
  throw fail('usage', `--expand-environment wants yes or no, not '${printable(expandEnvironment!, 80)}'`);
}

/** Directives that change where the service finds programs: only there can a program be looked for. */
const OTHER_PLACES = ['RootDirectory', 'RootImage', 'ExecSearchPath', 'MountImages', 'ExtensionImages'];

/**
 * The command, its program found as a shell would.
 * @param names the directives that the unit has
 * @throws UserError `no-program`, `start-failed`, `usage`
 */
export function findCommand(
  { caller }: Context,
  words: readonly string[],
  options: RunOptions,
  names: readonly string[],
): TransientCommand {
  const expand = expands(options);
  if (words.length === 0) {
    return {
      program: findProgram(caller.environment.SHELL || '/bin/sh', caller),
      args: [],
      expand,
    };
  }
  const [name = '', ...args] = words;
  const elsewhere = names.some((one) => OTHER_PLACES.includes(one));
  if (elsewhere && !name.startsWith('.')) return { program: name, args, expand };
  return { program: findProgram(name, caller), args, expand };
}

/** The absolute path of a program, as execvp(3) looks for it. */
function findProgram(name: string, caller: Context['caller']): string {
  const absolute = (path: string) => {
    const whole = path.startsWith('/') ? path : `${here(caller.directory)}/${path}`;
    // A path with `..` stays: the folder above a link's target isn't in the path.
    return whole.split('/').includes('..') ? whole : normalize(whole);
  };
  const found = lookUpProgram(name.includes('/') ? absolute(name) : name, caller);
  if ('path' in found) return found.path;
  throw fail('no-program', `can't run '${printable(name)}': ${found.why}`);
}

/** The line that lists show of the unit. */
export const descriptionOf = ({ description }: RunOptions, { program, args }: TransientCommand): string =>
  printable(description ?? `[sandbox-unit] ${[program, ...args].join(' ')}`, 500);
