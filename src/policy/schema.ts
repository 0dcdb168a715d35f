/** The table of all that a policy may say. Validation, the JSON Schema and the manual page's list follow it. */

import { EXEC_KEYS } from '../systemd/unit/exec/keys.js';

export type Shape =
  | { readonly type: 'string' | 'boolean' }
  | { readonly type: 'choice'; readonly values: readonly string[] }
  | { readonly type: 'number'; readonly values: readonly number[] }
  /** "kill", "log", an errno's name or its number. */
  | { readonly type: 'action'; readonly allow?: boolean }
  /** A number, or names of constants joined by `|`. */
  | { readonly type: 'operand' }
  /** A time span; `most` is the longest, an hour where it says nothing else. */
  | { readonly type: 'span'; readonly most?: 'a minute' }
  /** A text, or a list of texts and of lists of words. */
  | { readonly type: 'probes' }
  | { readonly type: 'list'; readonly of: Shape; readonly minimum?: number }
  | { readonly type: 'table'; readonly keys: Keys }
  /** The section `[service]`: directives by their own names, and `loosen`. */
  | { readonly type: 'directives'; readonly keys: Keys };

export interface Key {
  readonly shape: Shape;
  readonly doc: string;
  readonly required?: boolean;
}

export type Keys = Readonly<Record<string, Key>>;

const STRINGS: Shape = { type: 'list', of: { type: 'string' } };
const OPERAND: Shape = { type: 'operand' };

/** systemd's names of architectures (SystemCallArchitectures= in systemd.exec(5)). */
export const ARCHITECTURES = ['native', 'x86-64', 'x32', 'x86', 'arm64', 'arm', 'riscv64'] as const;

/** Comparisons of an argument with one operand; `in` takes a list. */
export const COMPARISONS = [
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
  'bits-set',
  'bits-clear',
  'bits-any',
] as const;

const CONDITION: Keys = {
  arg: {
    shape: { type: 'number', values: [0, 1, 2, 3, 4, 5] },
    doc: 'Which argument, from 0',
    required: true,
  },
  width: {
    shape: { type: 'number', values: [32, 64] },
    doc: 'How many low bits of the argument are compared: 32 (the default) or 64',
  },
  in: { shape: { type: 'list', of: OPERAND, minimum: 1 }, doc: 'The argument is one of these' },
  eq: { shape: OPERAND, doc: 'The argument equals' },
  ne: { shape: OPERAND, doc: 'The argument differs from' },
  lt: { shape: OPERAND, doc: 'The argument is less than (unsigned)' },
  le: { shape: OPERAND, doc: 'The argument is at most (unsigned)' },
  gt: { shape: OPERAND, doc: 'The argument is more than (unsigned)' },
  ge: { shape: OPERAND, doc: 'The argument is at least (unsigned)' },
  'bits-set': { shape: OPERAND, doc: 'All of these bits are set' },
  'bits-clear': { shape: OPERAND, doc: 'None of these bits is set' },
  'bits-any': { shape: OPERAND, doc: 'At least one of these bits is set' },
};

const RULE: Keys = {
  syscall: { shape: { type: 'string' }, doc: 'The call', required: true },
  when: {
    shape: { type: 'list', of: { type: 'table', keys: CONDITION }, minimum: 1 },
    doc: 'Conditions, all of which must hold',
    required: true,
  },
  action: {
    shape: { type: 'action', allow: true },
    doc: 'What the call gets when they hold',
    required: true,
  },
};

const SYSCALLS: Keys = {
  allow: { shape: STRINGS, doc: "Calls and @sets that are allowed; what isn't listed is refused" },
  deny: {
    shape: STRINGS,
    doc: 'Calls and @sets that are refused, even if allowed above; name:ERRNO, name:kill, name:log',
  },
  log: { shape: STRINGS, doc: 'Calls and @sets that are let through and recorded' },
  action: {
    shape: { type: 'action' },
    doc: 'What a refused call gets: "kill" (the default), an errno, or "log"',
  },
  inherit: {
    shape: { type: 'boolean' },
    doc: "Whether calls that the unit's own filters refuse stay refused (default true)",
  },
  implicit: { shape: { type: 'boolean' }, doc: 'Whether an allow list includes @default (default true)' },
  architectures: {
    shape: { type: 'list', of: { type: 'choice', values: ARCHITECTURES }, minimum: 1 },
    doc: 'ABIs that may be used; calls of others kill the process (default ["native"])',
  },
  unknown: {
    shape: { type: 'action' },
    doc: 'Allow lists: what call numbers that no table has get (default "ENOSYS")',
  },
  enforcer: {
    shape: { type: 'choice', values: ['auto', 'launcher'] },
    doc: '"launcher": everything in one filter, nothing in SystemCallFilter=',
  },
  stage: {
    shape: { type: 'choice', values: ['exec', 'entry'] },
    doc: 'When it takes effect: "exec", at the first instruction (default), or "entry", at the entry point',
  },
  rules: {
    shape: { type: 'list', of: { type: 'table', keys: RULE } },
    doc: 'Rules on arguments, tried in order before the lists',
  },
};

/** Lists of `[ready]`, which `[syscalls]` has, too. */
const READY: Keys = {
  allow: {
    shape: STRINGS,
    doc: "Calls and @sets that stay allowed, beside @harmless; what isn't listed is refused",
  },
  deny: {
    shape: STRINGS,
    doc: 'Calls and @sets that are refused, even if allowed above; name:ERRNO, name:kill, name:log',
  },
  log: SYSCALLS.log!,
  action: {
    shape: { type: 'action' },
    doc: 'What a refused call gets: an errno ("EPERM", the default), "kill" or "log"',
  },
  reload: {
    shape: { type: 'boolean' },
    doc: "Whether the service can be reloaded (default: as the unit has it); false: 'reload' is refused",
  },
  settle: {
    // systemd waits 90 seconds for a start, unless the unit says otherwise.
    shape: { type: 'span', most: 'a minute' },
    doc: 'How long its threads must stay the same (default "500ms" if the unit does not report readiness)',
  },
  'start-post': {
    shape: { type: 'choice', values: ['before', 'after'] },
    doc: 'When the unit\'s own ExecStartPost= commands run: "before" the filter is loaded (default), or "after"',
  },
  rules: SYSCALLS.rules!,
};

const EXPECT: Keys = {
  syscall: { shape: { type: 'string' }, doc: 'The call', required: true },
  args: { shape: { type: 'list', of: OPERAND }, doc: 'Its arguments (default 0)' },
  architecture: { shape: { type: 'choice', values: ARCHITECTURES }, doc: 'The ABI (default "native")' },
  action: { shape: { type: 'action', allow: true }, doc: 'What the filter must answer', required: true },
  phase: {
    shape: { type: 'choice', values: ['start', 'ready'] },
    doc: 'When it must hold: from the "start" (the default), or once the service is "ready", with [ready]',
  },
};

export const POLICY: Keys = {
  description: { shape: { type: 'string' }, doc: 'One line for people' },
  extends: { shape: STRINGS, doc: 'Policies that this one adds to: template names, or paths' },
  defaults: {
    shape: { type: 'boolean' },
    doc: "Whether the host's defaults.toml comes first (default: if it exists); true: it must exist",
  },
  syscalls: { shape: { type: 'table', keys: SYSCALLS }, doc: 'System calls' },
  ready: { shape: { type: 'table', keys: READY }, doc: 'System calls that a ready service keeps' },
  service: {
    shape: {
      type: 'directives',
      keys: {
        loosen: { shape: STRINGS, doc: 'Directives that may weaken what the unit has' },
      },
    },
    doc: 'Directives of systemd.exec(5) and systemd.resource-control(5), by their own names',
  },
  exec: {
    shape: {
      type: 'table',
      keys: {
        wrap: {
          shape: { type: 'list', of: { type: 'choice', values: EXEC_KEYS } },
          doc: 'Exec lines that get the launcher (default ["ExecStart"])',
        },
        'start-pre': {
          shape: STRINGS,
          doc: 'Commands that run before each start with full rights: for files that a confined service may not make',
        },
      },
    },
    doc: 'Commands',
  },
  apply: {
    shape: {
      type: 'table',
      keys: {
        settle: {
          shape: { type: 'span' },
          doc: 'How long the service must stay up after the restart (default "1s")',
        },
        probe: {
          shape: { type: 'probes' },
          doc: 'A command that must succeed after the restart, an endpoint that must answer, or a list of both',
        },
        'probe-as': { shape: { type: 'string' }, doc: 'The user who runs the commands of probe' },
        'probe-timeout': {
          shape: { type: 'span' },
          doc: 'How long each probe may take (default "1min")',
        },
        reload: {
          shape: { type: 'boolean' },
          doc: 'Whether the service is reloaded, too, and must work after that (default: where it can be)',
        },
        refused: {
          shape: { type: 'choice', values: ['rollback', 'warn'] },
          doc: 'Consequence of refused calls (default "rollback" where they end a process, else "warn")',
        },
        listening: {
          shape: { type: 'choice', values: ['rollback', 'warn'] },
          doc: 'Consequence of sockets on which the service does not listen any more (default "rollback")',
        },
        understood: {
          shape: { type: 'list', of: { type: 'choice', values: ['locks-out'] } },
          doc: 'Errors that become warnings: "locks-out", for a policy that breaks what the unit is for',
        },
      },
    },
    doc: 'How apply checks that the service works',
  },
  expect: {
    shape: { type: 'list', of: { type: 'table', keys: EXPECT } },
    doc: 'Assertions on the finished filter, checked before anything is written',
  },
};
