/** The command line as completions need it: commands, their options, and what stands behind each. */
import { SUBJECTS } from '../../codes/subjects.js';
import { directives } from '../../directives/table.js';
import { COLOR_CHOICES } from '../../look.js';
import { errnoNames } from '../../syscalls/errno.js';
import { knownCalls } from '../../syscalls/numbers.js';
import { bundledSets, setNames } from '../../syscalls/sets.js';
import { COMMON_OPTIONS, OPTIONS, type Options } from '../options.js';
import type { Verb, VerbGroup } from '../verb.js';

/** Words that may stand in a place; a list of words has no others. */
export type Kind =
  | 'units'
  | 'confined-units'
  /** Of units that begin with a word the confined ones, and all if none of them is. */
  | 'confined-units-first'
  | 'files'
  | 'folders'
  | 'policies'
  | 'templates'
  | 'calls'
  | 'refused-calls'
  | 'directives'
  | 'users'
  | 'groups'
  | 'command'
  | 'other'
  | readonly string[];

export interface CompletedOption {
  /** `-q` and `--quiet`. */
  readonly flags: readonly string[];
  readonly does: string;
  /** Undefined if the option takes nothing. */
  readonly takes: Kind | undefined;
  /** Whether it may also stand alone. */
  readonly isOptional: boolean;
}

export interface CompletedCommand {
  /** `template show`. */
  readonly words: readonly string[];
  readonly does: string;
  readonly options: readonly CompletedOption[];
  /** Undefined if the command takes none. */
  readonly operands: Kind | undefined;
  /** Whether the first operand ends the options. */
  readonly passThrough: boolean;
}

export interface CompletedLine {
  readonly commands: readonly CompletedCommand[];
  /** Commands of two words, by the first. */
  readonly groups: ReadonlyMap<string, string>;
  readonly names: CompletedNames;
}

/** Names that many places take. */
export interface CompletedNames {
  /** System calls and sets of them, as lists of the command line have them. */
  readonly calls: readonly string[];
  /** Answers to refused calls. */
  readonly answers: readonly string[];
  readonly directives: readonly string[];
  /** Codes of messages, which `help` tells of. */
  readonly codes: readonly string[];
}

/** Shells that a completion is made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof SHELLS)[number];

/** Values of options, by their name. */
const VALUES: Partial<Record<keyof Options, Kind>> = {
  policy: 'policies',
  template: 'templates',
  facts: 'files',
  write: 'policies',
  output: 'folders',
  root: 'folders',
  hosts: 'folders',
  workingDirectory: 'folders',
  allow: 'calls',
  log: 'calls',
  deny: 'refused-calls',
  property: 'directives',
  uid: 'users',
  gid: 'groups',
  exercise: 'command',
  stage: ['exec', 'entry'],
  understood: ['locks-out'],
  serviceType: ['simple', 'exec', 'forking', 'oneshot', 'dbus', 'notify', 'notify-reload', 'idle'],
  expandEnvironment: ['yes', 'no'],
};

const OPERANDS: Readonly<Record<string, Kind>> = {
  '<unit>': 'units',
  '[unit]': 'units',
  '<unit...>': 'units',
  '[unit...]': 'units',
  '<file...>': 'policies',
  '<name>': 'templates',
  '<shell>': SHELLS,
  '[command...]': 'command',
};

/** Operands of verbs that are about confined units. */
const OF_CONFINED: Readonly<Record<string, Kind>> = {
  confirm: 'confined-units',
  revert: 'confined-units',
  status: 'confined-units',
  verify: 'confined-units-first',
  explain: 'confined-units-first',
};

/** The command line of all verbs. */
export function completedLine(verbs: readonly (Verb | VerbGroup)[]): CompletedLine {
  const commands = verbs.flatMap((verb) =>
    'verbs' in verb ? verb.verbs.map((inner) => completed(inner, [verb.name])) : completed(verb, []),
  );
  const groups = verbs.flatMap((verb) => ('verbs' in verb ? [[verb.name, verb.does] as const] : []));
  return { commands, groups: new Map(groups), names: completedNames() };
}

function completedNames(): CompletedNames {
  const sets = bundledSets();
  return {
    calls: [...setNames(sets), ...[...knownCalls(sets)].sort()],
    answers: ['kill', 'log', ...errnoNames()],
    directives: directives()
      .map(({ name }) => name)
      .sort(),
    codes: SUBJECTS.flatMap(({ entries }) => Object.keys(entries)).sort(),
  };
}

function completed(verb: Verb, before: readonly string[]): CompletedCommand {
  const own = verb.options.map((name) => completedOption(verb.own?.[name] ?? OPTIONS[name], kindOf(name)));
  const common = COMMON_OPTIONS.map((one) => completedOption(one, COLOR_CHOICES));
  return {
    words: [...before, verb.name],
    does: verb.does,
    options: [...own, ...common, completedOption(['-h, --help', 'print this'], 'other')],
    operands: verb.operands === undefined ? undefined : (OF_CONFINED[verb.name] ?? OPERANDS[verb.operands]),
    passThrough: verb.passThrough ?? false,
  };
}

/** The values of an option; errnos where it names an answer to calls. */
function kindOf(name: keyof Options): Kind {
  if (name === 'errno') return [...errnoNames()];
  if (name === 'action') return ['kill', ...errnoNames()];
  return VALUES[name] ?? 'other';
}

function completedOption([flags, does]: readonly [flags: string, does: string], kind: Kind): CompletedOption {
  const words = flags.split(/,? /);
  const value = words.find((word) => !word.startsWith('-'));
  return {
    flags: words.filter((word) => word.startsWith('-')),
    does,
    takes: value === undefined ? undefined : kind,
    isOptional: value?.startsWith('[') ?? false,
  };
}
