/** The options of all verbs. */
import type { ColorChoice } from '../../theme.js';
import { LISTS, RUN_OPTIONS, type RunOptions } from '../run/options.js';

/** Every option that some verb has. */
export interface VerbOptions extends RunOptions {
  readonly policy?: string;
  readonly template?: string;
  readonly allowGaps?: boolean;
  readonly permissive?: boolean;
  readonly record?: boolean;
  readonly for?: string;
  readonly exercise?: string;
  readonly background?: boolean;
  readonly list?: boolean;
  readonly stop?: boolean;
  readonly show?: boolean;
  readonly merge?: boolean;
  readonly forget?: boolean;
  readonly promote?: boolean;
  readonly after?: string;
  /** A file, or true where none is named. */
  readonly write?: string | boolean;
  readonly action?: string;
  readonly addresses?: boolean;
  readonly ready?: boolean;
  readonly verbose?: boolean;
  readonly max?: string;
  readonly summary?: boolean;
  readonly all?: boolean;
  readonly purge?: boolean;
  readonly openmetrics?: boolean;
  readonly full?: boolean;
  readonly check?: boolean;
  readonly diff?: boolean;
  /** False with --no-restart, true with `learn --restart`. */
  readonly restart?: boolean;
  readonly live?: boolean;
  readonly understood?: string;
  /** False with --no-new-privileges. */
  readonly newPrivileges?: boolean;
  /** A time; false with --no-confirm. */
  readonly confirm?: string | false;
  readonly noConfirm?: never;
  readonly undo?: boolean;
  readonly undoLate?: boolean;
  /** False with --no-reload. */
  readonly reload?: boolean;
  readonly output?: string;
  readonly activate?: boolean;
  readonly hosts?: string;
  readonly runtime?: boolean;
  readonly user?: boolean;
  readonly root?: string;
  readonly facts?: readonly string[];
  readonly script?: boolean;
  readonly ask?: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The flags of each option, and its help. */
export const OPTIONS = {
  policy: [
    '--policy <file>',
    'a policy file, or - for standard input (default: UNIT.toml in /etc/sandbox-unit and further places)',
  ],
  template: ['--template <name>', 'a starter policy instead of a file'],
  allowGaps: ['--allow-gaps', "go on even if some lines can't be enforced"],
  permissive: ['--permissive', 'let through and record what the policy would refuse'],
  record: ['--record', 'run the service once, with all refused calls let through and recorded'],
  for: ['--for <time>', 'watch for this time (default: until Ctrl-C)'],
  exercise: ['--exercise <command>', 'run this shell command meanwhile, to give the services work'],
  background: ['--background', 'watch in a unit of its own, also after a logout'],
  list: ['--list', 'list what is being watched'],
  stop: ['--stop', 'end the watch in the background, and keep what was seen'],
  show: ['--show', 'show everything that the recordings of the unit prove'],
  merge: ['--merge', 'add recordings from these files, such as those of other hosts'],
  promote: [
    '--promote',
    'refuse what the applied policy records and the service never did; allow what it did',
  ],
  after: ['--after <time>', 'how long the service must have been watched for that (default: 7d)'],
  forget: ['--forget', 'remove all recordings of the unit'],
  write: ['--write [file]', 'write the policy that the recordings prove, without a file to standard output'],
  action: ['--action <action>', "the answer to refused calls: 'kill', or an errno (default: EPERM)"],
  addresses: ['--addresses', 'confine the service to the IP addresses that were seen'],
  ready: ['--ready', 'refuse calls of the start once the service serves'],
  verbose: ['--verbose', 'show each call by itself'],
  max: ['--max <exposure>', 'exit 1 if the exposure of a unit is above this, from 0 to 10'],
  summary: ['--summary', 'show what stays open under the policy, instead of its lines'],
  all: ['--all', 'every unit that has a policy'],
  purge: ['--purge', 'revert confined units that are not named; with --all, those without a policy'],
  full: ['-l, --full', 'show whole lines, though they are wider than the terminal'],
  openmetrics: ['--openmetrics', 'print metrics for a monitoring system'],
  check: ['--check', 'change nothing; exit 3 if something would change'],
  diff: ['--diff', 'show what changes in the files'],
  restart: ['--no-restart', 'leave the service as it runs'],
  live: [
    '--live',
    'refuse the calls in the running service, without a restart: if the policy only refuses more',
  ],
  understood: [
    '--understood <code>',
    "refuse execve even in a unit whose work is to start programs: 'locks-out'",
  ],
  newPrivileges: ['--no-new-privileges', 'set no_new_privs, so that unprivileged processes accept a filter'],
  reload: ['--no-reload', 'refuse units whose files systemd has yet to read, instead of reloading it'],
  confirm: ['--confirm <time>', 'roll it back unless it is confirmed within this time'],
  noConfirm: ['--no-confirm', 'keep it without a confirmation'],
  undo: ['--undo', 'undo the changes at once'],
  undoLate: ['--undo-late', 'undo what was not confirmed in time: for the timer that does so'],
  output: ['--output <dir>', 'write them below this folder instead'],
  activate: ['--activate', 'also write a script that puts them into force on a host without Node'],
  runtime: ['--runtime', 'until the next boot only: below /run'],
  user: ['--user', "a service of the user's own manager"],
  root: ['--root <dir>', 'the system in this folder, which is not running'],
  hosts: ['--hosts <dir>', 'many machines: a folder with the facts of each, HOST.facts'],
  facts: ['--facts <file>', 'another machine, by the answers of its facts script; may be repeated'],
  script: ['--script', 'print the script that gathers them, which needs no Node'],
  ask: ['--ask <base64>', 'further questions, as plan --facts names them'],
  json: ['--json', 'print one JSON object'],
  quiet: ['-q, --quiet', 'print only errors and warnings'],
  ...RUN_OPTIONS,
} as const satisfies Readonly<Record<keyof VerbOptions, readonly [flags: string, does: string]>>;

/** Options that every command has. */
export interface CommonOptions {
  readonly color?: ColorChoice;
  /** False with --no-pager. */
  readonly pager?: boolean;
}

/** The flags of those, and their help. */
export const COMMON_OPTIONS: readonly (readonly [flags: string, does: string])[] = [
  ['--color <when>', 'colour what is printed: always, never, or auto, on a terminal'],
  ['--no-pager', "don't show long output page by page"],
];

/** Options that may be given several times. */
export const REPEATED: readonly string[] = [...LISTS, 'facts', 'ask'];

/** Options that exclude each other. */
export const EXCLUSIVE: Partial<Record<keyof VerbOptions, (keyof VerbOptions)[]>> = {
  policy: ['template'],
  root: ['user'],
  facts: ['root', 'user', 'all', 'purge'],
  hosts: ['facts', 'root', 'user'],
  activate: ['user', 'runtime'],
  all: ['policy', 'template'],
  purge: ['runtime'],
  openmetrics: ['json', 'quiet'],
  undo: ['undoLate'],
  live: ['all', 'purge', 'user', 'root', 'facts', 'permissive'],
};
