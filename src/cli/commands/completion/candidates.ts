/** Candidates for the last word of a command line: shells ask for them at each Tab. */

import type { Context } from '../../../machine/context.js';
import { ownDropIns } from '../../../machine/state/own-files.js';
import { templateNames } from '../../../prepare/load/find-template.js';
import { COLOR_CHOICES } from '../../../theme.js';
import { COMMON_OPTIONS, OPTIONS, type VerbOptions } from '../options.js';
import { HELPS, type Verb, type VerbGroup } from '../verb.js';
import { SHELLS } from './completion.js';

/** Words that the shell itself lists. */
type OfShell = 'files' | 'policies' | 'folders' | 'users' | 'groups' | 'command';

/** Words of a place: those that the shell lists, those of a list of ours, or just these; undefined for any. */
type CandidateSource = OfShell | keyof typeof LISTS | readonly string[] | undefined;

/** Values of options, by their name. */
const VALUES: Partial<Record<keyof VerbOptions, CandidateSource>> = {
  policy: 'policies',
  template: 'template',
  facts: 'files',
  write: 'policies',
  output: 'folders',
  root: 'folders',
  hosts: 'folders',
  workingDirectory: 'folders',
  allow: 'system call',
  log: 'system call',
  deny: 'refused call',
  errno: 'errno',
  action: 'action',
  property: 'directive',
  uid: 'users',
  gid: 'groups',
  exercise: 'command',
  stage: ['exec', 'entry'],
  understood: ['locks-out'],
  serviceType: ['simple', 'exec', 'forking', 'oneshot', 'dbus', 'notify', 'notify-reload', 'idle'],
  expandEnvironment: ['yes', 'no'],
};

/** Operands, as verbs write them. */
const OPERANDS: Readonly<Record<string, CandidateSource>> = {
  '<unit>': 'unit',
  '[unit]': 'unit',
  '<unit...>': 'unit',
  '[unit...]': 'unit',
  '<file...>': 'policies',
  '<name>': 'template',
  '[output]': 'output',
  '<shell>': SHELLS,
  '[command...]': 'command',
};

/** Operands of verbs that are about confined units. */
const OF_CONFINED: Readonly<Record<string, CandidateSource>> = {
  confirm: 'confined unit',
  revert: 'confined unit',
  status: 'confined unit',
  verify: 'confined unit first',
  explain: 'confined unit first',
};

type CandidateList = (asked: CompletionRequest) => Promise<Iterable<string>> | Iterable<string>;

interface CompletionRequest {
  readonly context: Context;
  /** The word that is typed, without `--option=` in front of it. */
  readonly word: string;
}

const LISTS = {
  unit: units,
  'confined unit': confinedUnits,
  /** Of units that begin with the word the confined ones, and all if none of them is. */
  'confined unit first': async (asked) => {
    const confined = await confinedUnits(asked);
    return confined.some((name) => name.startsWith(asked.word)) ? confined : units(asked);
  },
  template: ({ context }) => templateNames(context),
  output: async ({ context }) => (await import('../schema.js')).outputNames(context),
  'system call': async ({ word }) => behind(word.replace(/[^,]*$/, ''), await calls()),
  'refused call': async ({ word }) => {
    const before = word.match(/^.*:(?=[^,:]*$)/)?.[0];
    return before === undefined
      ? behind(word.replace(/[^,]*$/, ''), await calls())
      : behind(before, ['kill', 'log', ...(await errnos())]);
  },
  errno: () => errnos(),
  action: async () => ['kill', ...(await errnos())],
  directive: async () => {
    const { directives } = await import('../../../systemd/directives/table.js');
    return directives().map(({ name }) => `${name}=`);
  },
} satisfies Readonly<Record<string, CandidateList>>;

/** Lists whose words go on: no space follows one. */
const GO_ON: readonly unknown[] = ['system call', 'refused call', 'directive'];

const behind = (before: string, words: Iterable<string>) => [...words].map((word) => before + word);

async function calls(): Promise<string[]> {
  const [{ knownCalls }, { bundledSets, setNames }] = await Promise.all([
    import('../../../seccomp/syscalls/numbers.js'),
    import('../../../seccomp/syscalls/sets.js'),
  ]);
  return [...setNames(bundledSets()), ...[...knownCalls()].sort()];
}

const errnos = async () => (await import('../../../seccomp/syscalls/errno.js')).errnoNames();

/** Services that are loaded or have files, as systemctl(1) lists them. */
async function units({ context: { system, placement } }: CompletionRequest): Promise<string[]> {
  const manager = placement.scope === 'user' ? ['--user'] : [];
  const listed = ['list-unit-files', 'list-units'].map(async (what) => {
    const options = ['--all', '--type=service', '--full', '--plain', '--no-legend', '--no-pager'];
    const { stdout } = await system.run(['systemctl', ...manager, what, ...options], { timeout: 5000 });
    return stdout.split('\n').flatMap((line) => line.match(/^\S+/)?.[0] ?? []);
  });
  return [...new Set((await Promise.all(listed)).flat())].sort();
}

async function confinedUnits({ context }: CompletionRequest): Promise<string[]> {
  const found = (await ownDropIns(context)).map(({ unit }) => unit);
  return [...new Set(found)].filter((unit) => unit.endsWith('.service'));
}

interface Flag {
  readonly flag: string;
  readonly does: string;
  /** Undefined if the option takes no value. */
  readonly value: { readonly place: CandidateSource } | undefined;
}

/** The flags of a verb, each by itself: `-q` and `--quiet`. */
function flagsOf({ options, own }: Verb): Flag[] {
  const rows = [
    ...options.map((name) => [...(own?.[name] ?? OPTIONS[name]), VALUES[name]] as const),
    ...COMMON_OPTIONS.map((row) => [...row, COLOR_CHOICES] as const),
    ['-h, --help', 'print this help', undefined] as const,
  ];
  return rows.flatMap(([flags, does, place]) => {
    const words = flags.split(/,? /);
    const value = words.some((word) => !word.startsWith('-')) ? { place } : undefined;
    return words.filter((word) => word.startsWith('-')).map((flag) => ({ flag, does, value }));
  });
}

/**
 * Candidates for the last of some words. The first line says how to read the others, a candidate each, with its meaning behind a
 * tab or without: `words HEADING`, or `parts HEADING` if no space follows one. The shell itself lists `files`, `policies`, `folders`,
 * `users` and `groups`. In `command N` another program's command line begins N words behind the name of this one.
 * @param words those behind the program's name, up to the cursor
 */
export async function candidates(
  context: Context,
  verbs: readonly (Verb | VerbGroup)[],
  words: readonly string[],
): Promise<string> {
  const last = words.length - 1;
  const [name, second] = words;
  const named = (all: readonly (Verb | VerbGroup)[]) => all.map((verb) => `${verb.name}\t${verb.does}`);
  const commands = [...named(verbs), `help\t${HELPS}`];
  if (last === 0)
    return lines('words command', [...commands, '--help\tprint the help', '--version\tprint the version']);
  if (name === 'help')
    return lines('words command or code', last === 1 ? [...commands, ...(await codes())] : []);
  const first = verbs.find((one) => one.name === name);
  const isGroup = first !== undefined && 'verbs' in first;
  if (isGroup && last === 1) return lines('words command', named(first.verbs));
  const verb = isGroup ? first.verbs.find((one) => one.name === second) : first;
  return verb ? ofVerb(context, verb, { words, from: isGroup ? 2 : 1 }) : '';
}

/** Words of a command line, and the place among them of the first that is behind the verb. */
interface Typed {
  readonly words: readonly string[];
  readonly from: number;
}

async function ofVerb(context: Context, verb: Verb, { words, from }: Typed): Promise<string> {
  const last = words.length - 1;
  const flags = flagsOf(verb);
  const takenBy = (word = '') => flags.find(({ flag }) => flag === word)?.value;
  let at = from;
  for (; at < last && words[at] !== '--'; at += takenBy(words[at]) ? 2 : 1)
    if (verb.passThrough && !words[at]!.startsWith('-')) break;
  const isOperand = at < last;
  if (verb.passThrough && isOperand) return `command ${words[at] === '--' ? at + 2 : at + 1}\n`;
  const typed = words[last]!;
  const [before = '', , option] = isOperand ? [] : (typed.match(/^((--[^=]*)=)/) ?? []);
  const value = before ? takenBy(option) : at > last ? takenBy(words[last - 1]) : undefined;
  if (!value && typed.startsWith('-') && !isOperand)
    return lines('words option', before ? [] : flags.map(({ flag, does }) => `${flag}\t${does}`));
  // Recordings are files.
  const isMerge = verb.name === 'learn' && words.includes('--merge');
  const operands = isMerge ? 'files' : (OF_CONFINED[verb.name] ?? OPERANDS[verb.operands ?? '']);
  const place = value ? value.place : operands;
  if (place === 'command') return `command ${last + 1}\n`;
  return ofPlace(place, { context, word: typed.slice(before.length) }, before);
}

/** @param before what stands in front of the value in its word */
async function ofPlace(place: CandidateSource, asked: CompletionRequest, before: string): Promise<string> {
  if (place === undefined) return '';
  if (typeof place !== 'string') return lines('words value', behind(before, place));
  if (!Object.hasOwn(LISTS, place)) return `${place}\n`;
  const list: CandidateList = LISTS[place as keyof typeof LISTS];
  return lines(`${GO_ON.includes(place) ? 'parts' : 'words'} ${place}`, behind(before, await list(asked)));
}

const lines = (kind: string, words: readonly string[]) => [kind, ...words, ''].join('\n');

/** The codes of messages, which `help` explains. */
async function codes(): Promise<string[]> {
  const { SUBJECTS } = await import('../../../codes/subjects.js');
  return SUBJECTS.flatMap(({ entries }) => Object.keys(entries)).sort();
}
