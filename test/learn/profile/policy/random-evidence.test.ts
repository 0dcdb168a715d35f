/** Policies learned from arbitrary evidence: parser, checker and planner take each, and all that was seen passes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NEVER_LOGGED } from '../../../../src/learn/profile/policy/calls/tables.js';
import type { ProfilePart } from '../../../../src/learn/profile/policy/input.js';
import { WORD_ARGUMENTS } from '../../../../src/learn/profile/policy/rules/table.js';
import { LIFE_PHASES, PATH_USES } from '../../../../src/observe/recording/recording.js';
import { ABIS } from '../../../../src/seccomp/syscalls/abi.js';
import { ALLOW, permits } from '../../../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../../../src/seccomp/syscalls/numbers.js';
import { evaluate, type SyscallPolicy } from '../../../../src/seccomp/syscalls/policy.js';
import { callsOf, resolve, resolveCalls } from '../../../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../../../src/seccomp/syscalls/sets.js';
import { CAPABILITIES } from '../../../../src/systemd/directives/kinds/names/capabilities.js';
import { learned, profile } from '../../../support/learned.js';
import { targetOf } from '../../../support/planned.js';
import { inputs } from '../../../support/thorough.js';

const CALLS = [...numbersOf('x86-64').keys()];
const WATCHED: readonly (readonly [call: string, positions: readonly number[]])[] = [
  ...WORD_ARGUMENTS.map(({ call, argument }) => [call, [argument]] as const),
  ...([
    ['mmap', [2]],
    ['mprotect', [2]],
    ['socket', [0, 1]],
    ['socketpair', [0, 1]],
    ['unshare', [0]],
  ] as const),
  ...([
    ['setns', [1]],
    ['chmod', [1]],
    ['sched_setscheduler', [1]],
  ] as const),
];
const FOLDERS = [
  '/',
  '/home/a',
  '/root',
  '/run',
  '/var/run/x',
  '/tmp/y',
  '/var/lib/a/b',
  '/var/lib/a/../c',
  '/var/log',
  '/etc',
  '/dev',
];
const LINES = [
  ...[
    'ProtectSystem=full',
    'ProtectSystem=strict',
    'ReadWritePaths=-/var/lib/a',
    'PrivateTmp=yes',
    'User=demo',
  ],
  ...['CapabilityBoundingSet=CAP_CHOWN', 'AmbientCapabilities=CAP_KILL', 'RestrictAddressFamilies=AF_UNIX'],
  ...[
    'StateDirectory=a',
    'ProtectHome=read-only',
    'DeviceAllow=/dev/sda r',
    'BindPaths=/home/a',
    'UMask=077',
  ],
  ...[
    'SystemCallFilter=@system-service',
    'SocketBindDeny=any',
    'RootDirectory=/srv',
    'RestrictNamespaces=mnt',
  ],
];

const value = fc.oneof(
  fc.nat(40),
  fc.constantFrom(0x40000, 0x5401, 0x5413, 0xffffffff, 526337),
  fc.maxSafeNat(),
);

const calls = fc.uniqueArray(fc.constantFrom(...CALLS), { maxLength: 60 }).chain((names) =>
  fc.tuple(
    ...names.map((name) =>
      fc.record({
        architecture: fc.constant('x86-64'),
        name: fc.constant(name),
        count: fc.nat(),
        phases: fc
          .subarray([...LIFE_PHASES])
          .map((phases) => Object.fromEntries(phases.map((one) => [one, 1]))),
        programs: fc.subarray(['/usr/sbin/demod', '/usr/bin/memcached', '/bin/sh']),
        onceReady: fc.subarray([...LIFE_PHASES]),
      }),
    ),
  ),
);

/** Families and types with their flags: the kernel refuses all others. */
const SOCKET = [
  fc.nat(45),
  fc.nat(15).chain((type) => fc.constantFrom(type, type | 0x80000, type | 0x80800)),
];

const argumentsOf = ([name, positions]: (typeof WATCHED)[number]) =>
  fc.record({
    architecture: fc.constant('x86-64'),
    name: fc.constant(name),
    arguments: fc.constant(positions),
    values: fc.array(
      fc.tuple(...positions.map((_, i) => (positions.length === 2 ? SOCKET[i]! : value).map(String))),
      { minLength: 1, maxLength: 8 },
    ),
    phases: fc.constant(['start' as const]),
    lost: fc.constantFrom(0, 0, 0, 1),
  });

const path = fc
  .tuple(
    fc.constantFrom(...FOLDERS),
    fc.oneof(fc.constantFrom('log', 'a b', 'x%i'), fc.string({ unit: 'binary' })),
  )
  .map(([folder, name]) => `${folder}/${name.replaceAll('\0', '')}`);

const paths = fc.record(
  {
    path,
    use: fc.constantFrom(...PATH_USES),
    phases: fc.constant(['start' as const]),
    count: fc.nat(),
    errno: fc.constantFrom(2, 13, 17),
    device: fc.constantFrom('char 1:3', 'block 8:0'),
    cut: fc.constantFrom(false, false, false, true),
  },
  { requiredKeys: ['path', 'use', 'phases', 'count'] },
);

const peers = fc.record({
  use: fc.constantFrom('bind' as const, 'connect' as const, 'accept' as const),
  family: fc.constantFrom(1, 2, 10, 16),
  type: fc.constantFrom(1, 2, 3),
  address: fc.oneof(fc.constantFrom('127.0.0.1', '10.0.0.1', '::1', '/run/x/y', '@z', ''), path),
  port: fc.oneof(fc.constant(null), fc.nat(65535)),
  count: fc.nat(),
});

const capabilities = fc.record({
  name: fc.constantFrom(...CAPABILITIES),
  granted: fc.boolean(),
  count: fc.nat(),
  calls: fc.subarray(['mmap', 'mount', 'openat']),
});

const anyEvidence: fc.Arbitrary<ProfilePart> = fc
  .record({
    calls,
    nameless: fc.array(fc.string({ unit: 'binary' }), { maxLength: 2 }),
    refused: fc.array(
      fc.record({
        name: fc.constantFrom(...CALLS),
        answer: fc.constantFrom(1, 38, 'kill' as const),
        count: fc.nat(),
      }),
      { maxLength: 4 },
    ),
    arguments: fc.tuple(...WATCHED.map((one) => fc.option(argumentsOf(one)))),
    paths: fc.array(paths, { maxLength: 12 }),
    peers: fc.array(peers, { maxLength: 5 }),
    capabilities: fc.array(capabilities, { maxLength: 5 }),
    forkFlags: fc.array(fc.nat(), { maxLength: 2 }),
    modes: fc.array(fc.nat(0o7777), { maxLength: 3 }),
    lost: fc.dictionary(fc.constantFrom('paths', 'misses', 'arguments', 'toString'), fc.nat(2), {
      maxKeys: 1,
    }),
    programs: fc.constant([
      { path: '/bin/sh', phases: ['start' as const] },
      { path: '/usr/bin/memcached', phases: ['start' as const] },
    ]),
  })
  .map((more) => profile({ ...more, arguments: more.arguments.filter((row) => row !== null) }));

const action = (policy: SyscallPolicy, call: string, args: readonly bigint[] = []) =>
  evaluate(policy, {
    arch: ABIS['x86-64'].arch,
    nr: numbersOf('x86-64').get(call)!,
    args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6),
  });

/** The arguments with which a call was seen; none where they weren't recorded. */
function* seenWith({ arguments: rows }: ProfilePart, call: string): Generator<bigint[]> {
  const own = rows.filter(({ name }) => name === call);
  for (const { arguments: positions, values } of own) {
    for (const tuple of values) {
      const args = [0n, 0n, 0n, 0n, 0n, 0n];
      for (const [i, position] of positions.entries()) args[position] = BigInt(tuple[i]!);
      yield args;
    }
  }
  if (own.length === 0) yield [];
}

const targets = [247, 252, 257].map((systemd) => targetOf(systemd));

test('a policy from any evidence allows what was seen, and no dangerous call that was not', () => {
  const dangerous = NEVER_LOGGED.flatMap((name) => callsOf({ name }, bundledSets()));
  const reachable = fc.oneof(
    fc.constant('unknown' as const),
    fc.subarray(CALLS).map((names) => new Set(names)),
  );
  const lines = fc.subarray(LINES).map((all) => all.join('\n'));
  const property = fc.property(
    anyEvidence,
    reachable,
    lines,
    fc.constantFrom(...targets),
    (of, reached, unit, target) => {
      const written = learned(of, { reachable: reached, lines: unit, target, warnings: true });
      const policy = resolve(resolveCalls(written.policy.syscalls!, bundledSets()), 'x86-64');
      const seen = new Set(of.calls.map(({ name }) => name));
      for (const name of dangerous.filter((one) => CALLS.includes(one) && !seen.has(one)))
        assert.ok(!permits(action(policy, name)), name);
      for (const name of seen) {
        const hidden = written.calls.some((call) => call.name === name && call.tier === 'fallback');
        if ((hidden && name === 'clone3') || ['execve', 'execveat'].includes(name)) continue;
        for (const args of seenWith(of, name)) {
          const found = action(policy, name, args);
          assert.equal(found, ALLOW, `${name} ${args.join(' ')}\n${written.text}`);
        }
      }
    },
  );
  fc.assert(property, inputs(200));
});

test('no policy from any evidence removes a call that was made after readiness', () => {
  const events = fc.subarray(['serving', 'reload', 'exercise'] as const);
  const lines = fc.subarray(LINES.filter((line) => !line.startsWith('Root')));
  const property = fc.property(anyEvidence, events, lines, fc.boolean(), (of, took, unit, reload) => {
    const watches = [{ lives: 1, events: took.map((what) => ({ what, at: 1 })) }];
    const text = [...unit, 'ExecReload=/bin/kill -HUP $MAINPID'].join('\n');
    const asked = {
      lines: text,
      target: targets[2]!,
      options: { ready: { reload } },
      warnings: true as const,
    };
    const { policy } = learned({ ...of, watches }, asked);
    const phases = ['serving', 'stop', ...(reload ? ['reload'] : [])];
    const later = of.calls.filter(({ onceReady }) => onceReady!.some((phase) => phases.includes(phase)));
    const taken = (policy.ready?.deny ?? []).flatMap((entry) => callsOf(entry, bundledSets()));
    const found = later.filter(({ name }) => taken.includes(name));
    assert.deepEqual(found, []);
  });
  fc.assert(property, inputs(200));
});
