/**
 * Programs of command lines that run without the launcher, or with more rights than the service: another file in the place
 * of one does what the policy refuses.
 */

import type { Location } from '../../diagnostic.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import { EXEC_KEYS } from '../../systemd/unit/exec/keys.js';
import { argumentsOf } from '../../systemd/unit/exec/line.js';
import { fileName } from '../../systemd/unit/path.js';
import type { Plan } from '../plan.js';
import { leavesSandbox } from './exec-prefix.js';

/** A program that the policy doesn't hold from its start on. */
export interface LooseProgram {
  /** The paths at which it may be: the first that exists counts. */
  readonly paths: readonly string[];
  /** Undefined for a loaded unit. */
  readonly at?: Location;
}

/** A command as the manager has it. */
export interface KeyedCommand {
  readonly key: string;
  readonly path: string;
  readonly argv: readonly string[];
  readonly flags: readonly string[];
}

/**
 * Whether a command runs without the launcher. Under `[ready]` alone the service's own program is no such one: until it serves
 * it may do what it likes.
 */
const isOutside = (key: string, isWrapped: boolean, by: { launcher: boolean; ready: boolean }): boolean =>
  by.launcher ? !isWrapped : by.ready && key !== 'ExecStart';

/**
 * The loose programs of a planned unit.
 * @param effective the unit without us
 * @param search the folders of ExecSearchPath=
 */
export function plannedLoose(
  { filter, ready, commands }: Pick<Plan, 'filter' | 'ready' | 'commands'>,
  effective: EffectiveUnit,
  search: readonly string[],
): LooseProgram[] {
  return EXEC_KEYS.flatMap((key) => {
    const all = effective.execCommands(key);
    const isWrapped = commands.some((one) => one.key === key && one.wrapped >= all.length);
    const by = { launcher: filter !== undefined, ready: ready !== undefined };
    const isLoose = isOutside(key, isWrapped, by);
    const added = commands.find((one) => one.key === key)?.added ?? [];
    return [...added, ...all]
      .filter((command) => isLoose || leavesSandbox(command))
      .flatMap((command) => {
        const { path, at } = command;
        return startedFiles(path.value, argumentsOf(command), search).map((paths) => ({ paths, at }));
      });
  });
}

/**
 * The loose programs of a loaded unit.
 * @param own our programs that start some of its commands, or load the filter of `[ready]`
 */
export function loadedLoose(
  commands: readonly KeyedCommand[],
  own: { readonly launcher: string | undefined; readonly injector: string | undefined },
  search: readonly string[],
): LooseProgram[] {
  const by = { launcher: own.launcher !== undefined, ready: own.injector !== undefined };
  return commands
    .filter(({ path }) => path !== own.injector)
    .flatMap(({ key, path, argv, flags }) => {
      const isWrapped = path === own.launcher;
      if (!isOutside(key, isWrapped, by) && !flags.includes('privileged') && !flags.includes('no-setuid'))
        return [];
      const [program = '', ...words] = isWrapped
        ? argv.slice(argv.indexOf('--') + 1)
        : [path, ...argv.slice(1)];
      return startedFiles(program, words, search).map((paths) => ({ paths }));
    });
}

/** Programs that start the one that their command line names first. */
const STARTERS = /^(?:(?:ba|da|k|z|a)?sh|busybox|env|node(?:js)?|(?:php|python|ruby|perl)[\d.]*)$/;

/** Words of a shell before a command that start it. */
const BEFORE = /^(?:exec|nohup|setsid|command|then|do|else|!|\{|[A-Za-z_]\w*=.*)$/;

/** Commands of a shell's script that are paths, or stand behind `exec`. Comments, tests and arguments are none. */
const startedInScript = (script: string): string[] =>
  script
    .split(/\n|[;&|()`]/)
    .map((command) => command.trim().split(/\s+/))
    .flatMap((all) => {
      const at = all.findIndex((word) => !BEFORE.test(word));
      const [program = '', ...given] = at < 0 ? [] : all.slice(at);
      if (!program.startsWith('/') && all[at - 1] !== 'exec') return [];
      return [program, ...(STARTERS.test(fileName(program)) ? given.filter(isPath).slice(0, 1) : [])];
    });

const isPath = (word: string): boolean => word.startsWith('/');

/**
 * Files that a command runs, each by its possible paths: its program, and the script that an interpreter or env(1) gets.
 * @param search the folders of a program that is a plain name
 */
export function startedFiles(
  program: string,
  words: readonly string[],
  search: readonly string[],
): string[][] {
  const isStarter = STARTERS.test(fileName(program));
  const script = words[words.findIndex((word) => /^-[a-z]*c$/.test(word)) + 1];
  const named =
    script !== undefined && script !== words[0] ? startedInScript(script) : words.filter(isPath).slice(0, 1);
  return [
    program.includes('/') ? [program] : search.map((folder) => `${folder}/${program}`),
    ...(isStarter ? named.map((path) => [path]) : []),
  ]
    .map((paths) => paths.filter(isPath))
    .filter((paths) => paths.length > 0);
}
