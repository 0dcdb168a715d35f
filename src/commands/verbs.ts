import type { Outcome } from '../outcome.js';
import { RUN_OPTIONS, type RunOptions } from '../run/options.js';
import type { Context } from '../system/context.js';

/** Every option that some verb has. */
export interface Options extends RunOptions {
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
  readonly verbose?: boolean;
  readonly max?: string;
  readonly summary?: boolean;
  readonly all?: boolean;
  readonly purge?: boolean;
  readonly openmetrics?: boolean;
  readonly check?: boolean;
  readonly diff?: boolean;
  /** False with --no-restart, true with `learn --restart`. */
  readonly restart?: boolean;
  /** A time; false with --no-confirm. */
  readonly confirm?: string | false;
  readonly noConfirm?: never;
  readonly undo?: boolean;
  readonly undoLate?: boolean;
  /** False with --no-reload. */
  readonly reload?: boolean;
  readonly output?: string;
  readonly runtime?: boolean;
  readonly user?: boolean;
  readonly root?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export type Action = (context: Context, operands: string[], options: Options) => Promise<Outcome>;

/** The flags of each option, and its help. */
export const OPTIONS = {
  policy: [
    '--policy <file>',
    'this policy, - for standard input (default of a unit that is there: UNIT.toml in /etc/sandbox-unit and further places)',
  ],
  template: ['--template <name>', 'a starter policy instead of a file'],
  allowGaps: ['--allow-gaps', 'go on although nobody enforces some lines'],
  permissive: ['--permissive', 'let through and record what the policy would refuse'],
  record: ['--record', 'run the service once, with all refused calls let through and recorded'],
  for: ['--for <time>', 'watch for this time (default: until Ctrl-C)'],
  exercise: ['--exercise <command>', 'run this shell command meanwhile, to give the services work'],
  background: ['--background', 'watch in a unit of its own, which goes on after a logout'],
  list: ['--list', 'list what is being watched'],
  stop: ['--stop', 'end the watch in the background, and keep what was seen'],
  show: ['--show', 'show the ledger: everything that the recordings of the unit prove'],
  merge: ['--merge', 'add the recordings in these files, of other hosts for instance, to those of the unit'],
  promote: [
    '--promote',
    'refuse what the applied policy records and the service never did; allow what it did',
  ],
  after: ['--after <time>', 'how long the service must have been watched for that (default: 7d)'],
  forget: ['--forget', 'remove all recordings of the unit'],
  write: ['--write [file]', 'write the policy that the recordings prove, without a file to standard output'],
  action: ['--action <action>', "the answer to refused calls: 'kill', or an errno (default: EPERM)"],
  addresses: ['--addresses', 'confine the service to the IP addresses that were seen'],
  verbose: ['--verbose', 'tell each call by itself'],
  max: ['--max <exposure>', 'exit 1 where the exposure of a unit is above this, from 0 to 10'],
  summary: ['--summary', 'show what stays open under the policy, instead of its lines'],
  all: ['--all', 'every unit that has a policy'],
  purge: ['--purge', 'revert confined units that are not named; with --all, those without a policy'],
  openmetrics: ['--openmetrics', 'print metrics for a monitoring system'],
  check: ['--check', 'change nothing; exit 3 if something would change'],
  diff: ['--diff', 'show what changes in the files'],
  restart: ['--no-restart', 'leave the service as it runs'],
  reload: ['--no-reload', 'refuse units whose files systemd has yet to read, and leave that to others'],
  confirm: ['--confirm <time>', 'roll it back unless it is confirmed within this time'],
  noConfirm: ['--no-confirm', 'keep it without a confirmation'],
  undo: ['--undo', 'undo the changes at once'],
  undoLate: ['--undo-late', 'wait, and undo what is not confirmed in time: for the service that does so'],
  output: ['--output <dir>', 'write them below this folder instead'],
  runtime: ['--runtime', 'until the next boot only: below /run'],
  user: ['--user', "a service of the user's own manager"],
  root: ['--root <dir>', 'the system in this folder, which is not running'],
  json: ['--json', 'print one JSON object'],
  quiet: ['-q, --quiet', 'print only what is wrong'],
  ...RUN_OPTIONS,
} as const satisfies Readonly<Record<keyof Options, readonly [flags: string, does: string]>>;

/** Options that exclude each other. */
export const EXCLUSIVE: Partial<Record<keyof Options, (keyof Options)[]>> = {
  policy: ['template'],
  root: ['user'],
  all: ['policy', 'template'],
  purge: ['runtime'],
  openmetrics: ['json', 'quiet'],
  undo: ['undoLate'],
};

export interface Verb {
  readonly name: string;
  readonly does: string;
  /** As in commander: `<unit...>`. */
  readonly operands?: string;
  readonly options: readonly (keyof Options)[];
  /** Flags and help of options that mean something else with this verb. */
  readonly own?: Partial<Readonly<Record<keyof Options, readonly [flags: string, does: string]>>>;
  /** Whether `--json` has a short form. */
  readonly summarizes?: true;
  /** Whether the first operand ends the options: later words are another program's. */
  readonly passThrough?: true;
  /** Command lines, without the program's name. */
  readonly examples: readonly string[];
  /** Loads the verb's modules, when it runs. */
  readonly load: () => Promise<Action>;
}

/** A verb of two words. */
export interface VerbGroup {
  readonly name: string;
  readonly does: string;
  readonly verbs: readonly Verb[];
}

const PLANS = ['policy', 'template', 'allowGaps', 'permissive', 'runtime', 'user', 'root'] as const;
const APPLIES = ['all', 'purge', 'check', 'diff', 'restart', 'reload', 'confirm', 'noConfirm'] as const;
const SPEAKS = ['json', 'quiet'] as const;

export const VERBS: readonly (Verb | VerbGroup)[] = [
  {
    name: 'check',
    does: 'check policies: names, values and expectations; no system needed',
    operands: '<file...>',
    options: SPEAKS,
    examples: ['check /etc/sandbox-unit/*.toml'],
    load: async () => (await import('./check.js')).check,
  },
  {
    name: 'plan',
    does: "show who enforces each line of a unit's policy, and how",
    operands: '<unit>',
    options: ['summary', ...PLANS, ...SPEAKS],
    examples: ['plan nginx.service', 'plan --summary --template no-exec nginx'],
    load: async () => (await import('./plan.js')).plan,
  },
  {
    name: 'generate',
    does: 'print the files that apply would write',
    operands: '<unit>',
    options: ['output', ...PLANS, ...SPEAKS],
    examples: ['generate nginx.service', 'generate --output package --root image nginx.service'],
    load: async () => (await import('./generate.js')).generate,
  },
  {
    name: 'apply',
    does: 'write the files, reload, restart, see that it runs; roll back what does not',
    operands: '[unit...]',
    options: [...APPLIES, ...PLANS, ...SPEAKS],
    summarizes: true,
    examples: ['apply --check --diff nginx.service', 'apply --confirm 2min ssh.service', 'apply --all'],
    load: async () => (await import('./apply.js')).apply,
  },
  {
    name: 'confirm',
    does: 'keep what apply --confirm has done, of the units named or of all that wait',
    operands: '[unit...]',
    options: ['undo', 'undoLate', 'user', ...SPEAKS],
    summarizes: true,
    examples: ['confirm', 'confirm ssh.service', 'confirm --undo ssh.service'],
    load: async () => (await import('./confirm.js')).confirm,
  },
  {
    name: 'revert',
    does: 'remove what apply wrote, reload, restart',
    operands: '<unit...>',
    options: ['check', 'restart', 'user', 'root', ...SPEAKS],
    summarizes: true,
    examples: ['revert nginx.service'],
    load: async () => (await import('./revert.js')).revert,
  },
  {
    name: 'status',
    does: 'list the confined units: enforcing or permissive, running with that or not, what has changed since apply (then exit 1), and the policy',
    operands: '[unit...]',
    options: ['all', 'openmetrics', 'user', 'root', ...SPEAKS],
    own: { all: ['--all', 'units of run, too'] },
    summarizes: true,
    examples: ['status', 'status nginx.service', 'status --openmetrics'],
    load: async () => (await import('./status.js')).status,
  },
  {
    name: 'score',
    does: 'tell how exposed services are, and what stays open to them',
    operands: '[unit...]',
    options: ['max', 'user', 'root', ...SPEAKS],
    examples: ['score', 'score --max 3.0 nginx.service'],
    load: async () => (await import('./score.js')).score,
  },
  {
    name: 'verify',
    does: 'hold what is in force, down to the filters in the kernel, against the policy',
    operands: '<unit>',
    options: ['policy', 'template', 'allowGaps', 'permissive', 'runtime', 'user', ...SPEAKS],
    examples: ['verify nginx.service'],
    load: async () => (await import('./verify.js')).verify,
  },
  {
    name: 'explain',
    does: 'name the calls that were refused, the lines that refused them, and what would allow them',
    operands: '<unit>',
    options: ['record', 'write', 'verbose', 'policy', 'template', 'user', ...SPEAKS],
    own: { write: ['--write', 'write the changes into the policy, and show them'] },
    examples: ['explain nginx.service', 'explain --record --write nginx.service'],
    load: async () => (await import('./explain.js')).explain,
  },
  {
    name: 'learn',
    does: 'watch services at work, and show what recordings of that prove',
    operands: '[unit...]',
    options: [
      ...(['for', 'restart', 'exercise', 'background', 'list', 'stop'] as const),
      ...([
        'show',
        'merge',
        'forget',
        'write',
        'action',
        'addresses',
        'promote',
        'after',
        'check',
        'user',
      ] as const),
      ...SPEAKS,
    ],
    own: { restart: ['--restart', 'watch a whole life: restart, reload and restart the services meanwhile'] },
    examples: [
      'learn --restart --for 10min nginx.service',
      'learn --background --for 7d nginx.service',
      'learn --show nginx.service',
    ],
    load: async () => (await import('./learn.js')).learn,
  },
  {
    name: 'run',
    does: 'run a command in a unit of its own under a policy, as systemd-run does without one',
    operands: '[command...]',
    options: [
      ...(Object.keys(RUN_OPTIONS) as (keyof RunOptions)[]),
      ...(['policy', 'template', 'allowGaps', 'permissive', 'user'] as const),
      ...SPEAKS,
    ],
    passThrough: true,
    examples: [
      'run --wait --deny execve,uname:ENETDOWN -- ./myos',
      'run --template no-exec -p DynamicUser=yes -G -- /usr/bin/sleep 60',
    ],
    load: async () => (await import('./run.js')).run,
  },
  {
    name: 'template',
    does: 'list or show the starter policies',
    verbs: [
      {
        name: 'list',
        does: 'list the starter policies',
        options: ['json'],
        examples: ['template list'],
        load: async () => (await import('./template.js')).listTemplates,
      },
      {
        name: 'show',
        does: 'print a starter policy',
        operands: '<name>',
        options: ['json'],
        examples: ['template show no-exec > /etc/sandbox-unit/foo.service.toml'],
        load: async () => (await import('./template.js')).showTemplate,
      },
    ],
  },
  {
    name: 'schema',
    does: 'print the JSON Schema of policies, for editors',
    options: ['json'],
    examples: ['schema > sandbox-unit.schema.json'],
    load: async () => (await import('./schema.js')).schema,
  },
];
