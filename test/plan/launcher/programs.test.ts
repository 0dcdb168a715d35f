import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planPrograms } from '../../../src/plan/launcher/programs.js';
import { asPermissive } from '../../../src/policy/permissive.js';
import { LAUNCHER } from '../../support/demo-service.js';
import { planned, targetOf } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';

const plan = (programs: readonly string[], folder = '/f', launcher = LAUNCHER) =>
  planPrograms(policyFrom(`[exec]\nprograms = ${JSON.stringify(programs)}`), folder, launcher);

test('a program moves aside for a script of the launcher, under its own name', () => {
  const { programs, directives, diagnostics } = plan(['/usr/bin/memcached', '/opt/x/worker']);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(programs, [
    { path: '/usr/bin/memcached', place: '/f/memcached', script: '/f/memcached.launch' },
    { path: '/opt/x/worker', place: '/f/worker', script: '/f/worker.launch' },
  ]);
  assert.deepEqual(directives, [
    {
      name: 'BindReadOnlyPaths',
      values: [
        '/usr/bin/memcached:/f/memcached /f/memcached.launch:/usr/bin/memcached ' +
          '/opt/x/worker:/f/worker /f/worker.launch:/opt/x/worker',
      ],
      because: '[exec] programs',
    },
  ]);
});

test('without programs there is nothing to mount', () => {
  assert.deepEqual(planPrograms(policyFrom(''), '/f', LAUNCHER), {
    programs: [],
    directives: [],
    diagnostics: [],
  });
});

const BAD = [
  'relative',
  '',
  '/',
  '/a/',
  '/a//b',
  '/a/../b',
  '/a/./b',
  '/a/..',
  '/a b',
  '/a:b',
  '/a%n',
  '/a$b',
  '/a\\b',
  '/a"b',
  '/a\nb',
  '/é',
];

for (const path of BAD) {
  test(`${JSON.stringify(path)} is no program's path`, () => {
    const { programs, directives, diagnostics } = plan(['/usr/bin/good', path]);
    assert.deepEqual([programs, directives], [[], []]);
    assert.deepEqual(
      diagnostics.map(({ code, severity, at }) => [code, severity, at!.line]),
      [['program-path', 'error', 2]],
    );
  });
}

test('further programs of one name have folders of their own, by which processes keep the name', () => {
  const { programs, diagnostics } = plan(['/a/x', '/b/y', '/b/x', '/c/x']);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(
    programs.map(({ place, script }) => [place, script]),
    [
      ['/f/x', '/f/x.launch'],
      ['/f/y', '/f/y.launch'],
      ['/f/~2/x', '/f/~2/x.launch'],
      ['/f/~3/x', '/f/~3/x.launch'],
    ],
  );
});

test('a program is named once', () => {
  const { programs, diagnostics } = plan(['/a/x', '/b/x', '/a/x']);
  assert.deepEqual([programs, diagnostics.map(({ message }) => message)], [[], ["'/a/x' is named twice"]]);
});

test('a launcher that the first line of a script can not name is refused', () => {
  for (const launcher of ['/opt/my launcher', `/${'x'.repeat(120)}`, '/é']) {
    assert.deepEqual(
      plan(['/a/x'], '/f', launcher).diagnostics.map(({ code }) => code),
      ['program-path'],
    );
  }
});

test('a folder with every special character is written so that systemd reads it back', () => {
  const { directives } = plan(['/a/x'], '/etc/a\\x2db:c%.service.d');
  assert.deepEqual(directives[0]!.values, [
    '/a/x:/etc/a\\\\x2db\\:c%%.service.d/x /etc/a\\\\x2db\\:c%%.service.d/x.launch:/a/x',
  ]);
});

test('what systemd could refuse by itself is refused to the programs alone, too', () => {
  const policy = (program: string) =>
    `[syscalls]\ndeny = ["ptrace:EPERM"]\n[exec]\nprograms = ["${program}"]\n`;
  const plan = planned(policy('/usr/sbin/demod'));
  assert.deepEqual(plan.diagnostics, []);
  assert.deepEqual(
    [plan.programs.map(({ path }) => path), plan.lines.map(({ enforcedBy }) => enforcedBy)],
    [['/usr/sbin/demod'], ['launcher', 'launcher', 'launcher']],
  );
  assert.equal(plan.systemCalls?.refused.size, 0);
  const missing = planned(policy('/usr/bin/nosuch')).diagnostics.map(({ code, severity }) => [
    severity,
    code,
  ]);
  assert.deepEqual(missing, [['error', 'program-missing']]);
});

const WITH_UNIT_DENY = `[syscalls]
allow = ["read"]
action = "EPERM"
[exec]
programs = ["/usr/sbin/demod"]
unit-deny = ["@clock", "ptrace"]
`;

test('what the whole unit is refused is refused by systemd, to the start script as well', () => {
  const plan = planned(WITH_UNIT_DENY);
  assert.deepEqual(plan.diagnostics, []);
  const lines = plan.directives
    .filter(({ name }) => name === 'SystemCallFilter')
    .flatMap(({ values }) => values);
  assert.deepEqual(lines, ['', '~@clock ptrace']);
  const own = plan.lines.filter(({ subject }) => subject.startsWith('unit-deny'));
  assert.deepEqual(
    own.map(({ subject, enforcedBy, how }) => [subject, enforcedBy, how]),
    [
      ['unit-deny @clock', 'systemd', 'SystemCallFilter='],
      ['unit-deny ptrace', 'systemd', 'SystemCallFilter='],
    ],
  );
});

test('a permissive policy refuses nothing to the unit, and without seccomp nobody would', () => {
  const permissive = planned(asPermissive(policyFrom(WITH_UNIT_DENY)));
  assert.equal(permissive.systemCalls?.refused.size, 0);
  const lack = { reason: 'systemd has no seccomp', code: 'gap-seccomp', hint: '' };
  const target = targetOf(257, { abilities: { lacks: new Map([['seccomp', lack]]), assumed: new Set() } });
  const found = planned(WITH_UNIT_DENY, '', target).diagnostics;
  assert.ok(found.some(({ code }) => code === 'gap-unit-deny'));
});
