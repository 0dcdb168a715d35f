import { printed } from '../../outcome.js';
import { RUN_OPTIONS, type RunOptions } from '../run/options.js';
import type { Verb, VerbGroup } from './verb.js';

const PLANS = ['policy', 'template', 'allowGaps', 'permissive', 'runtime', 'user', 'root', 'facts'] as const;
const APPLIES = [
  ...(['all', 'purge', 'check', 'diff', 'live', 'restart'] as const),
  ...(['reload', 'confirm', 'noConfirm'] as const),
] as const;
const SPEAKS = ['json', 'quiet'] as const;

export const VERBS: readonly (Verb | VerbGroup)[] = [
  {
    name: 'check',
    does: 'check policies: names, values and expectations; no system needed',
    operands: '<file...>',
    options: ['user', ...SPEAKS],
    pages: true,
    examples: ['check /etc/sandbox-unit/*.toml'],
    load: async () => (await import('./check.js')).check,
  },
  {
    name: 'plan',
    does: "show who enforces each line of a unit's policy, and how",
    operands: '<unit>',
    options: ['summary', 'verbose', ...PLANS, ...SPEAKS],
    own: { verbose: ['--verbose', 'show each call of a list on a separate line'] },
    pages: true,
    examples: ['plan nginx.service', 'plan --summary --template no-exec nginx'],
    load: async () => (await import('./plan.js')).plan,
  },
  {
    name: 'generate',
    does: 'print the files that apply would write',
    operands: '[unit]',
    options: ['output', 'activate', 'script', 'hosts', ...PLANS, ...SPEAKS],
    own: {
      script: ['--script', 'print only the script of --activate, which can revert without other files'],
    },
    pages: true,
    examples: ['generate nginx.service', 'generate --output package --root image nginx.service'],
    load: async () => (await import('./generate/generate.js')).generate,
  },
  {
    name: 'apply',
    does: 'write the files, reload, restart and test the units; roll back those that fail',
    operands: '[unit...]',
    options: [...APPLIES, ...PLANS, ...SPEAKS],
    summarizes: true,
    examples: ['apply --check --diff nginx.service', 'apply --confirm 2min ssh.service', 'apply --all'],
    load: async () => (await import('./apply.js')).apply,
  },
  {
    name: 'tighten',
    does: 'refuse calls to the running processes of a unit, until its next start',
    operands: '<unit...>',
    options: ['deny', 'action', 'newPrivileges', 'understood', 'check', ...SPEAKS],
    own: {
      deny: ['--deny <calls>', 'refuse these calls and @sets, separated by commas; name:ERRNO, name:kill'],
    },
    examples: [
      'tighten --deny execve,execveat nginx.service',
      'tighten --check --deny @mount session-3.scope',
    ],
    load: async () => (await import('./tighten.js')).tighten,
  },
  {
    name: 'facts',
    does: 'gather facts about this machine and these units, for --facts on another machine',
    operands: '[unit...]',
    options: ['script', 'ask'],
    examples: [
      'facts nginx.service > web1.facts',
      'facts --script | ssh web1 sh -s nginx.service > web1.facts',
    ],
    load: async () => (await import('./facts.js')).facts,
  },
  {
    name: 'confirm',
    does: 'keep changes of apply --confirm: those of these units, or all that wait',
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
    does: 'list the confined units: mode, state, changes since apply (then exit 1), refused calls, policy',
    operands: '[unit...]',
    options: ['all', 'full', 'openmetrics', 'user', 'root', ...SPEAKS],
    own: { all: ['--all', 'also list units of run'] },
    summarizes: true,
    pages: true,
    examples: ['status', 'status nginx.service', 'status --openmetrics'],
    load: async () => (await import('./status.js')).status,
  },
  {
    name: 'score',
    does: 'show how exposed services are, and what stays open to them',
    operands: '[unit...]',
    options: ['max', 'user', 'root', ...SPEAKS],
    pages: true,
    examples: ['score', 'score --max 3.0 nginx.service'],
    load: async () => (await import('./score.js')).score,
  },
  {
    name: 'verify',
    does: 'compare a running unit with its policy, down to the filters in the kernel',
    operands: '<unit>',
    options: ['policy', 'template', 'allowGaps', 'permissive', 'runtime', 'user', ...SPEAKS],
    pages: true,
    examples: ['verify nginx.service'],
    load: async () => (await import('./verify.js')).verify,
  },
  {
    name: 'explain',
    does: 'name the calls that were refused, the lines that refused them, and what would allow them',
    operands: '<unit>',
    options: ['record', 'write', 'verbose', 'policy', 'template', 'user', ...SPEAKS],
    own: { write: ['--write', 'write the changes into the policy, and show them'] },
    pages: true,
    examples: ['explain nginx.service', 'explain --record --write nginx.service'],
    load: async () => (await import('./explain.js')).explain,
  },
  {
    name: 'watch',
    does: 'report what confined units are refused, as it happens',
    operands: '[unit...]',
    options: [],
    examples: ['watch', 'watch nginx.service'],
    load: async () => (await import('./watch.js')).watch,
  },
  {
    name: 'learn',
    does: 'watch services at work, and write policies from the recordings',
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
        'now',
        'ready',
        'reload',
        'promote',
        'after',
        'check',
        'user',
      ] as const),
      ...SPEAKS,
    ],
    own: {
      restart: ['--restart', 'watch a whole life cycle: restart, reload and restart the services'],
      reload: [
        '--no-reload',
        'with --ready: also refuse calls of a reload; the service is then restarted instead',
      ],
    },
    examples: [
      'learn --restart --for 10min nginx.service',
      'learn --background --for 7d nginx.service',
      'learn --show nginx.service',
    ],
    load: async () => (await import('./learn/learn.js')).learn,
  },
  {
    name: 'run',
    does: 'run a command in a transient unit under a policy, like systemd-run',
    operands: '[command...]',
    options: [
      ...(Object.keys(RUN_OPTIONS) as (keyof RunOptions)[]),
      ...(['policy', 'template', 'allowGaps', 'permissive', 'user'] as const),
      ...SPEAKS,
    ],
    passThrough: true,
    examples: [
      'run --wait --deny execve,execveat,uname:ENETDOWN -- ./myos',
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
        pages: true,
        examples: ['template list'],
        load: async () => (await import('./template.js')).listTemplates,
      },
      {
        name: 'show',
        does: 'print a starter policy',
        operands: '<name>',
        options: ['json'],
        pages: true,
        examples: ['template show no-exec > /etc/sandbox-unit/foo.service.toml'],
        load: async () => (await import('./template.js')).showTemplate,
      },
    ],
  },
  {
    name: 'schema',
    does: 'print the JSON Schema of policies, or of the --json output of a command',
    operands: '[output]',
    options: ['json'],
    pages: true,
    examples: ['schema > sandbox-unit.schema.json', 'schema plan'],
    load: async () => (await import('./schema.js')).schema,
  },
  {
    name: 'completion',
    does: 'print the completion script for bash, zsh or fish',
    operands: '<shell>',
    options: ['json'],
    pages: true,
    examples: ['completion bash > /etc/bash_completion.d/sandbox-unit'],
    load: async () => {
      const { completion } = await import('./completion/completion.js');
      return async (_, operands) => completion(operands);
    },
  },
];

/** Answers shells that complete a command line; no verb for people. */
export const COMPLETE: Verb = {
  name: '__complete',
  does: 'print candidates for the last of these words',
  operands: '[word...]',
  options: [],
  passThrough: true,
  examples: [],
  load: async () => {
    const { candidates } = await import('./completion/candidates.js');
    return async (context, words) => printed(await candidates(context, VERBS, words));
  },
};
