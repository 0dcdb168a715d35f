/** The options of all verbs. */
import type { ColorChoice } from '../../theme.js';
import { LISTS, type OptionRow, type OptionValues, RUN_OPTIONS } from '../run/options.js';

/** Every option that some verb has. */
export const OPTIONS = {
  policy: [
    '--policy <file>',
    'a policy file, or - for standard input (default: UNIT.toml in /etc/sandbox-unit or another policy folder)',
  ],
  template: ['--template <name>', 'a starter policy instead of a file'],
  allowGaps: ['--allow-gaps', "go on even if some lines can't be enforced"],
  permissive: ['--permissive', 'let through and record what the policy would refuse'],
  record: ['--record', 'run the service once, with all refused calls let through and recorded'],
  for: ['--for <time>', 'watch for this time (default: until Ctrl-C)'],
  exercise: ['--exercise <command>', 'run this shell command during the watch, to give the services work'],
  background: ['--background', 'watch in a separate unit, which survives a logout'],
  list: ['--list', 'list the services that are being watched'],
  stop: ['--stop', 'end the background watch, and keep what was seen'],
  show: ['--show', 'show what the recordings of the unit contain'],
  merge: ['--merge', 'add recordings from these files, such as those of other hosts'],
  promote: ['--promote', 'end the logging: allow the logged calls that were used, refuse the others'],
  after: ['--after <time>', 'with --promote: how long the service must have been watched (default: 7d)'],
  forget: ['--forget', 'remove all recordings of the unit'],
  write: ['--write [file]', 'write a policy from the recordings, to this file or to standard output'],
  action: ['--action <action>', "the answer to refused calls: 'kill', or an errno (default: EPERM)"],
  now: ['--now', 'also state lines of [service] that wait for a day of work, a log rotation and a restart'],
  addresses: ['--addresses', 'confine the service to the IP addresses that were seen'],
  ready: ['--ready', 'refuse calls that only the start needs, once the service is ready'],
  verbose: ['--verbose', 'show each call separately'],
  max: ['--max <exposure>', 'exit 1 if the exposure of a unit is above this, from 0 to 10'],
  summary: ['--summary', 'show what stays open under the policy, instead of its lines'],
  all: ['--all', 'every unit that has a policy'],
  purge: ['--purge', 'also revert confined units that are not named; with --all, those without a policy'],
  full: ['-l, --full', 'do not cut lines to the width of the terminal'],
  openmetrics: ['--openmetrics', 'print metrics for a monitoring system'],
  check: ['--check', 'change nothing; exit 3 if something would change'],
  diff: ['--diff', 'show what changes in the files'],
  restart: ['--no-restart', 'do not restart the service'],
  live: [
    '--live',
    'load the filter into the running service instead of restarting it, if it only refuses more',
  ],
  understood: [
    '--understood <code>',
    "accept this risk: 'locks-out' refuses execve even in a unit that has to start programs",
  ],
  newPrivileges: ['--no-new-privileges', 'set no_new_privs, so that unprivileged processes accept a filter'],
  reload: [
    '--no-reload',
    'refuse units whose changed files systemd has not read, instead of reloading systemd',
  ],
  confirm: ['--confirm <time>', 'roll the change back unless it is confirmed within this time'],
  noConfirm: ['--no-confirm', 'keep the change without a confirmation'],
  undo: ['--undo', 'roll the changes back now'],
  undoLate: ['--undo-late', 'roll back changes that were not confirmed in time (used by the rollback timer)'],
  output: ['--output <dir>', 'write the files below this folder instead'],
  activate: ['--activate', 'also write a script that puts them into force on a host without Node'],
  runtime: ['--runtime', 'only until the next boot: write below /run'],
  user: ['--user', "a service of the user's own manager"],
  root: ['--root <dir>', 'the system in this folder, which is not running'],
  hosts: ['--hosts <dir>', 'many machines: a folder with the facts of each, HOST.facts'],
  facts: ['--facts <file>', 'another machine, from the output of its facts script; may be repeated'],
  script: ['--script', 'print the script that gathers the facts, which needs no Node'],
  ask: ['--ask <base64>', 'more questions, as plan --facts prints them'],
  json: ['--json', 'print one JSON object'],
  quiet: ['-q, --quiet', 'print only errors and warnings'],
  ...RUN_OPTIONS,
} as const satisfies Readonly<Record<string, OptionRow>>;

/** Options that every command has. */
export interface CommonOptions {
  readonly color?: ColorChoice;
  /** False with --no-pager. */
  readonly pager?: boolean;
}

/** The flags of those, and their help. */
export const COMMON_OPTIONS: readonly OptionRow[] = [
  ['--color <when>', 'colour the output: always, never, or auto (only on a terminal)'],
  ['--no-pager', 'do not show long output in a pager'],
];

/** Options that may be given several times. */
export const REPEATED = [...LISTS, 'facts', 'ask'] as const;

/** The values of all options. `confirm` is false with --no-confirm. */
export interface VerbOptions
  extends Omit<OptionValues<typeof OPTIONS, (typeof REPEATED)[number]>, 'confirm'> {
  readonly confirm?: string | false;
}

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
