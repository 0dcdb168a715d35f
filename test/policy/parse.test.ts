/** Tests of policy/parse.ts and all of policy/parse/: each key is read, at its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy, warnIfEmpty } from '../../src/policy/parse.js';
import type { Policy } from '../../src/policy/policy.js';
import { COMPARISONS, type Keys, POLICY, type Shape } from '../../src/policy/schema.js';
import { ALLOW, errnoAction, KILL, LOG } from '../../src/seccomp/syscalls/action.js';
import { WHOLE } from '../support/policy.js';

/** A policy without places; `Located` values are their values. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'at' && key !== 'valueAt');
  if (entries.length === 1 && entries[0]![0] === 'value' && 'at' in value) return bare(entries[0]![1]);
  return Object.fromEntries(entries.map(([key, inner]) => [key, bare(inner)]));
}

function parsed(source: string): Policy {
  const { policy, diagnostics } = parsePolicy(source, 'p.toml');
  assert.deepEqual(diagnostics, []);
  return policy;
}

test('every key is read', () => {
  const condition = (arg: number, op: string, operands: unknown[], width = 32) => ({
    arg,
    op,
    operands,
    width,
  });
  assert.deepEqual(bare(parsed(WHOLE)), {
    file: 'p.toml',
    description: 'all of it',
    extends: ['web-server', './base.toml', '/etc/other.toml'],
    defaults: false,
    syscalls: {
      allow: [{ name: '@system-service' }, { name: 'keyctl' }],
      deny: [
        { name: 'execve' },
        { name: '@mount' },
        { name: 'uname', action: errnoAction(100) },
        { name: 'ptrace', action: KILL },
        { name: 'swapon', action: errnoAction(13) },
        { name: 'bpf', action: LOG },
      ],
      log: [{ name: 'keyctl' }, { name: '@swap' }],
      rules: [
        {
          syscall: 'socket',
          action: ALLOW,
          when: [
            condition(0, 'in', ['AF_UNIX', 2n, 'AF_INET6|0x1']),
            condition(1, 'eq', [1n]),
            condition(2, 'ne', [-1n]),
            condition(3, 'lt', [16n]),
            condition(4, 'le', ['10'], 64),
            condition(5, 'gt', [1n]),
            condition(0, 'ge', [0n]),
            condition(0, 'bits-set', ['O_RDWR|O_CREAT']),
            condition(0, 'bits-clear', [0x7fff_ffff_ffff_ffffn], 64),
            condition(0, 'bits-any', ['CLONE_NEWUSER']),
          ],
        },
      ],
      action: KILL,
      unknown: errnoAction(38),
      inherit: false,
      implicit: false,
      architectures: ['native', 'x86-64', 'x32', 'x86', 'arm64', 'arm', 'riscv64'],
      enforcer: 'launcher',
      stage: 'exec',
    },
    ready: {
      allow: [{ name: '@harmless' }, { name: 'accept4' }],
      deny: [{ name: 'execve' }, { name: '@setuid', action: KILL }],
      log: [{ name: 'connect' }],
      rules: [{ syscall: 'mmap', action: errnoAction(1), when: [condition(2, 'bits-set', ['PROT_EXEC'])] }],
      action: errnoAction(1),
      reload: false,
      settle: 500,
      startPost: 'after',
    },
    service: [
      { name: 'ProtectSystem', value: 'strict' },
      { name: 'ReadWritePaths', value: ['/var/lib/x'] },
      { name: 'NoNewPrivileges', value: true },
      { name: 'TasksMax', value: 5 },
    ],
    loosen: ['ProtectSystem'],
    wrap: [
      'ExecCondition',
      'ExecStartPre',
      'ExecStart',
      'ExecStartPost',
      'ExecReload',
      'ExecStop',
      'ExecStopPost',
    ],
    startPre: [
      { prefixes: '', path: { raw: '/bin/touch', value: '/bin/touch' }, rest: '/run/a', bareName: false },
    ],
    settle: 60_500,
    probe: [
      { argv: ['curl', '-f', 'http://localhost/'] },
      { endpoint: { kind: 'tcp', host: '127.0.0.1', port: 80 }, text: 'tcp:127.0.0.1:80' },
    ],
    probeAs: 'www-data',
    probeTimeout: 30_000,
    reload: true,
    refused: 'warn',
    listening: 'warn',
    understood: ['locks-out'],
    expect: [
      { syscall: 'execve', args: [], architecture: undefined, action: KILL, phase: 'ready' },
      {
        ...{ syscall: 'socket', args: ['AF_UNIX', 1n, -1n], architecture: 'x86', action: errnoAction(13) },
        phase: undefined,
      },
    ],
  });
});

/** The dotted names of every key, those of `[service]`'s directives aside. */
function keyNames(keys: Keys, prefix = ''): string[] {
  return Object.entries(keys).flatMap(([name, { shape }]) => [
    `${prefix}${name}`,
    ...shapeKeys(shape, `${prefix}${name}.`),
  ]);
}

function shapeKeys(shape: Shape, prefix: string): string[] {
  if (shape.type === 'table' || shape.type === 'directives') return keyNames(shape.keys, prefix);
  return shape.type === 'list' ? shapeKeys(shape.of, prefix) : [];
}

test('the policy with every key has every key of the schema', () => {
  const missing = keyNames(POLICY).filter(
    (name) => !new RegExp(`\\b${name.split('.').at(-1)}\\b`).test(WHOLE),
  );
  assert.deepEqual(missing, []);
  assert.ok(keyNames(POLICY).length > 40);
});

test('every key of the schema has a description, in one line', () => {
  const docs = (keys: Keys): string[] =>
    Object.values(keys).flatMap(({ doc, shape }) => [doc, ...inner(shape)]);
  const inner = (shape: Shape): string[] =>
    shape.type === 'table' || shape.type === 'directives'
      ? docs(shape.keys)
      : shape.type === 'list'
        ? inner(shape.of)
        : [];
  for (const doc of docs(POLICY)) assert.match(doc, /^[^\n]{5,100}[^.\n]$/);
});

test('a command of start-pre is one program and its arguments, without a prefix', () => {
  const commands = (line: string) => {
    const { policy, diagnostics } = parsePolicy(`[exec]\nstart-pre = [${JSON.stringify(line)}]`, 'p.toml');
    return diagnostics.length > 0
      ? diagnostics.map(({ code }) => code)
      : policy.startPre[0]!.value.path.value;
  };
  assert.equal(commands('/usr/bin/install -m 0644 /dev/null "/run/a b"'), '/usr/bin/install');
  const bad = [
    '',
    '+/bin/a',
    '-/bin/a',
    'a',
    '/bin/a ; /bin/b',
    '/bin/a "',
    '/bin/a\nExecStart=/bin/b',
    '/bin/é',
    `/${'a'.repeat(5000)}`,
  ];
  for (const line of bad) assert.deepEqual(commands(line), ['bad-unit-file'], line);
});

test('an omitted key is undefined, or an empty list', () => {
  assert.deepEqual(bare(parsed('[syscalls]')), {
    file: 'p.toml',
    description: undefined,
    extends: [],
    defaults: undefined,
    syscalls: {
      allow: undefined,
      deny: [],
      log: [],
      rules: [],
      action: undefined,
      unknown: undefined,
      inherit: undefined,
      implicit: undefined,
      architectures: undefined,
      enforcer: undefined,
      stage: undefined,
    },
    ready: undefined,
    service: [],
    loosen: [],
    wrap: undefined,
    startPre: [],
    settle: undefined,
    probe: undefined,
    probeAs: undefined,
    probeTimeout: undefined,
    reload: undefined,
    refused: undefined,
    listening: undefined,
    understood: [],
    expect: [],
  });
  assert.equal(parsed('').syscalls, undefined);
});

test('an empty allow list allows nothing, and differs from none', () => {
  assert.deepEqual(parsed('syscalls.allow = []').syscalls!.allow, []);
});

const ACTIONS: readonly [written: string, action: number][] = [
  ['"kill"', KILL],
  ['"log"', LOG],
  ['"EPERM"', errnoAction(1)],
  ['"EWOULDBLOCK"', errnoAction(11)],
  ['"1"', errnoAction(1)],
  ['"4094"', errnoAction(4094)],
  ['1', errnoAction(1)],
  ['4094', errnoAction(4094)],
];

for (const [written, action] of ACTIONS) {
  test(`${written} is an action`, () => {
    assert.equal(parsed(`syscalls.action = ${written}`).syscalls!.action!.value, action);
    const expecting = parsed(`[[expect]]\nsyscall = "uname"\naction = ${written}`);
    assert.equal(expecting.expect[0]!.action.value, action);
  });
}

for (const op of COMPARISONS) {
  test(`a condition may compare with ${op}`, () => {
    const rule = `[[syscalls.rules]]\nsyscall = "x"\nwhen = [{ arg = 0, ${op} = 1 }]\naction = "kill"`;
    assert.deepEqual(bare(parsed(rule).syscalls!.rules[0]!.when), [
      { arg: 0, op, operands: [1n], width: 32 },
    ]);
  });
}

test('tables may be written in any TOML form', () => {
  const ways = [
    '[syscalls]\nrules = [{ syscall = "x", when = [{ arg = 0, eq = 1 }], action = "kill" }]',
    '[[syscalls.rules]]\nsyscall = "x"\naction = "kill"\n[[syscalls.rules.when]]\narg = 0\neq = 1',
    'syscalls = { rules = [{ syscall = "x", action = "kill", when = [{ arg = 0, eq = 1 }] }] }',
    'syscalls.rules = [{ syscall = "x", action = "kill", when = [{ arg = 0, "eq" = 1 }] }]',
  ];
  const [first, ...others] = ways.map((way) => bare(parsed(way)));
  for (const other of others) assert.deepEqual(other, first);
});

test('places are those of the text', () => {
  const { syscalls, service, expect } = parsed(WHOLE);
  const at = (line: number, column: number, length: number) => ({ file: 'p.toml', line, column, length });
  const line = (text: string) => WHOLE.split('\n').findIndex((one) => one.startsWith(text)) + 1;
  assert.deepEqual(syscalls!.at, at(line('[syscalls]'), 2, 8));
  assert.deepEqual(syscalls!.deny[2]!.at, at(line('deny'), 29, 16));
  assert.deepEqual(syscalls!.rules[0]!.at, at(line('[[syscalls.rules]]'), 12, 5));
  assert.deepEqual(syscalls!.rules[0]!.when[0]!.operands[1]!.at, at(line('  { arg = 0, in'), 31, 1));
  assert.deepEqual(service[0]!.at, at(line('ProtectSystem'), 1, 13));
  assert.deepEqual(service[0]!.valueAt, at(line('ProtectSystem'), 17, 8));
  assert.deepEqual(expect[1]!.args[2]!.at, at(line('args'), 23, 2));
});

test('a policy that confines nothing has a warning', () => {
  const codes = (source: string) => warnIfEmpty(parsed(source)).map(({ code, severity }) => [code, severity]);
  assert.deepEqual(codes(''), [['no-policy', 'warning']]);
  assert.deepEqual(codes('description = "x"\n[apply]\nsettle = "1s"'), [['no-policy', 'warning']]);
  assert.deepEqual(codes('[syscalls]'), []);
  assert.deepEqual(codes('[service]\nPrivateTmp = true'), []);
  assert.deepEqual(codes('extends = ["x"]'), []);
});
