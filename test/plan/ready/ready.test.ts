/** Tests of all of plan/ready/: who loads the filter of `[ready]`, and what it takes away. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { typeWith } from '../../../src/plan/ready/injector.js';
import { readyLines } from '../../../src/plan/ready/lines.js';
import { resolveReady } from '../../../src/plan/ready/resolved.js';
import { asPermissive } from '../../../src/policy/permissive.js';
import type { Policy } from '../../../src/policy/policy.js';
import { ALLOW, errnoAction, LOG } from '../../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { evaluate, type SyscallPolicy } from '../../../src/seccomp/syscalls/policy.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { parseUnitName, type UnitName } from '../../../src/systemd/unit/name.js';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';
import { makePlan, planned, targetOf, unitFile } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';

const STARTING = '[ready]\ndeny = ["execve", "execveat", "bind", "io_uring_setup"]\n';

const found = (policy: string, lines = '', target = targetOf(257)) =>
  planned(policy, lines, target).diagnostics.map(
    ({ severity, code, message }) => `${severity} ${code}: ${message}`,
  );

const NO_RESPAWN =
  'note indispensable: once ready, the service can start no process: a worker that dies is not replaced';

const answer = (policy: SyscallPolicy, call: string) =>
  evaluate(policy, { arch: 0xc000003e, nr: numbersOf('x86-64').get(call)!, args: [0n, 0n, 0n, 0n, 0n, 0n] });

const post = (lines: string, ready = STARTING, target = targetOf(257)) =>
  planned(ready, lines, target).commands.find(({ key }) => key === 'ExecStartPost')?.lines;

const values = (name: string, lines: string, ready = STARTING) =>
  planned(ready, lines).directives.find((one) => one.name === name)?.values;

test('a policy without [ready] is planned without it', () => {
  const plan = planned('[syscalls]\ndeny = ["uname"]');
  assert.equal(plan.ready, undefined);
  assert.deepEqual(plan.commands, []);
});

describe('the filter of [ready]', () => {
  test('has only the answers of [ready], and removes what passed until then', () => {
    const plan = planned(`[syscalls]\nallow = ["@system-service"]\ndeny = ["execve:ENOSYS"]\n${STARTING}`);
    const { ready } = plan;
    assert.deepEqual(
      ready!.taken,
      ['bind', 'execveat', 'io_uring_setup'].filter((one) => ready!.taken.includes(one)),
    );
    assert.ok(ready!.taken.includes('bind') && !ready!.taken.includes('execve'));
    const [filter] = ready!.filter.policies;
    const found = ['execve', 'bind', 'read', 'mount'].map((call) => answer(filter!, call));
    assert.deepEqual(found, [errnoAction(1), errnoAction(1), ALLOW, ALLOW]);
    assert.ok(!ready!.left.includes('mount') && ready!.left.includes('read'));
  });

  test('counts the dangerous calls that passed, and that still do', () => {
    const { critical } = planned(STARTING).ready!;
    assert.equal(critical.before.length, 18);
    const found = critical.before.filter((call) => !critical.left.includes(call));
    assert.deepEqual(found, ['bind', 'execve', 'execveat']);
  });

  test("includes the unit's own filter, with [syscalls] and without", () => {
    const { taken } = planned(STARTING, 'SystemCallFilter=~bind').ready!;
    assert.deepEqual(taken, ['execve', 'execveat', 'io_uring_setup']);
    assert.deepEqual(found(STARTING, 'SystemCallFilter=~bind'), [
      "error contradiction: 'bind' is refused from the start already: this line has no effect",
    ]);
  });

  test('can refuse some arguments by rules', () => {
    const rule =
      '[[ready.rules]]\nsyscall = "socket"\nwhen = [{ arg = 0, eq = "AF_NETLINK" }]\naction = "EPERM"';
    const { narrowed, left } = planned(`${STARTING}${rule}`).ready!;
    assert.deepEqual(narrowed, ['socket']);
    assert.ok(left.includes('socket'));
  });

  test('records calls while a unit is permissive; the plan shows what enforcing removes', () => {
    const plan = planned(asPermissive(policyFrom(STARTING)));
    assert.equal(plan.ready!.filter.log, true);
    assert.equal(answer(plan.ready!.filter.policies[0]!, 'execve'), LOG);
    assert.ok(plan.ready!.taken.includes('execve'));
  });

  test('keeps ABIs as open as they were', () => {
    const abis = (policy: string, lines = '') => [
      ...planned(policy, lines).ready!.filter.policies[0]!.abis.keys(),
    ];
    assert.deepEqual(abis(STARTING), ['x86-64', 'x32', 'x86']);
    assert.deepEqual(abis(STARTING, 'SystemCallArchitectures=native'), ['x86-64']);
    assert.deepEqual(abis(`[syscalls]\ndeny = ["uname"]\narchitectures = ["x86"]\n${STARTING}`), [
      'x86-64',
      'x86',
    ]);
  });
});

test("reports a service that can start no process, unless it couldn't before", () => {
  const forks = '"fork", "vfork", "clone", "clone3"';
  const codes = (policy: string) => found(policy).filter((one) => one.includes('indispensable'));
  assert.deepEqual(codes(`[ready]\ndeny = [${forks}]\n`), [NO_RESPAWN]);
  assert.equal(codes('[ready]\nallow = ["accept4"]\n').length, 1);
  assert.deepEqual(codes('[ready]\ndeny = ["fork", "vfork", "clone"]\n'), []);
  assert.deepEqual(codes(`[syscalls]\ndeny = [${forks}]\n[ready]\ndeny = ["bind"]\n`), []);
});

describe('lines of [ready] without effect', () => {
  test('are an error for a call that is refused from the start, except in a base', () => {
    const twice = `[syscalls]\ndeny = ["execve", "execveat"]\n${STARTING}`;
    assert.deepEqual(found(twice), [
      "error contradiction: 'execve' is refused from the start already: this line has no effect",
      "error contradiction: 'execveat' is refused from the start already: this line has no effect",
    ]);
    const of = policyFrom(twice, 'base.toml');
    const base = { ...of, file: 'p.toml' };
    assert.deepEqual(planned(base).diagnostics, []);
  });

  test('are an error for a rule on such a call', () => {
    const rule = '[[ready.rules]]\nsyscall = "mount"\nwhen = [{ arg = 0, eq = 1 }]\naction = "EPERM"';
    assert.deepEqual(found(`[syscalls]\ndeny = ["mount"]\n${STARTING}${rule}`), [
      "error contradiction: 'mount' is refused from the start already: this line has no effect",
    ]);
  });

  test('are an error if [ready] changes nothing', () => {
    assert.deepEqual(found('[ready]\nsettle = "1s"'), [
      'error contradiction: [ready] has no effect: it refuses no call that is allowed before',
    ]);
    assert.deepEqual(found('[ready]\nlog = ["connect"]'), []);
  });

  test('are an error for a call that every program makes', () => {
    const message = "no program can run without 'exit_group'";
    assert.deepEqual(found('[ready]\ndeny = ["exit_group", "acct"]'), [`error indispensable: ${message}`]);
    const permissive = asPermissive(policyFrom('[ready]\ndeny = ["exit_group", "acct"]'));
    assert.ok(planned(permissive).diagnostics.every(({ code }) => code !== 'indispensable'));
  });

  test("don't allow what is refused from the start", () => {
    assert.deepEqual(found(`[syscalls]\ndeny = ["ptrace"]\n[ready]\nallow = ["ptrace", "accept4"]`), [
      "warning contradiction: 'ptrace' is refused from the start, and [ready] can't allow it",
      NO_RESPAWN,
    ]);
  });
});

describe('loading [ready]', () => {
  test('keeps the type of a service that notifies; others become Type=exec with a settle time', () => {
    const line = (settle: string) => [
      '+/usr/libexec/sandbox-unit/tighten --cgroup self --filter /etc/systemd/system/demo.service.d/' +
        `zz-sandbox-unit.ready-filter${settle}`,
    ];
    for (const type of ['notify', 'notify-reload', 'dbus', 'forking']) {
      assert.deepEqual(post(`Type=${type}`, `${STARTING}reload = true`), line(''));
      assert.equal(values('Type', `Type=${type}`, `${STARTING}reload = true`), undefined);
    }
    assert.deepEqual(post('BusName=org.example'), line(''));
    assert.deepEqual(post(''), line(' --settle 500'));
    assert.deepEqual(values('Type', 'Type=simple'), ['exec']);
    assert.deepEqual(post('Type=exec'), line(' --settle 500'));
    assert.equal(values('Type', 'Type=exec'), undefined);
    assert.deepEqual(post('Type=notify', `${STARTING}settle = "2s"`), line(' --settle 2000'));
    assert.deepEqual(post('Type=exec', `${STARTING}settle = "0"`), line(''));
  });

  test("has its line after the unit's own, which may be behind the launcher", () => {
    const own = 'ExecStartPost=-/bin/second a "b c"\nExecStartPost=+/bin/third';
    assert.deepEqual(post(own)!.slice(0, 2), ['-/bin/second a "b c"', '+/bin/third']);
    const wrapped = `[syscalls]\ndeny = ["write"]\n[exec]\nwrap = ["ExecStart", "ExecStartPost"]\n${STARTING}`;
    const lines = post('ExecStartPost=/bin/second', wrapped)!;
    assert.equal(lines.length, 2);
    assert.match(lines[0]!, /launcher --filter=.* -- \/bin\/second$/);
    assert.match(lines[1]!, /^\+.*tighten /);
  });

  test("has its line before the unit's own with start-post = 'after'", () => {
    const after = `${STARTING}start-post = "after"`;
    const lines = post('ExecStartPost=-/bin/second\nExecStartPost=/bin/third', after)!;
    assert.match(lines[0]!, /^\+.*tighten /);
    assert.deepEqual(lines.slice(1), ['-/bin/second', '/bin/third']);
    assert.deepEqual(post('', after), post(''));
    assert.deepEqual(post('ExecStartPost=/bin/second', `${STARTING}start-post = "before"`), [
      '/bin/second',
      ...post('')!,
    ]);
  });

  test('fails with a later drop-in that sets ExecStartPost= again', () => {
    const later = parseUnitFile('/etc/systemd/system/demo.service.d/zzz.conf', '[Service]\nExecStartPost=\n');
    const request = requestFor(STARTING);
    const { diagnostics } = makePlan({ ...request, effective: effectiveUnit([unitFile(''), later]) });
    assert.deepEqual(
      diagnostics.map(({ code, message }) => [code, message]),
      [['overridden', "this 'ExecStartPost=' overrides sandbox-unit's: systemd reads it later"]],
    );
  });

  test("is a gap for units that can't have it", () => {
    const gap = (why: string) => [`error gap-ready: [ready] can't be enforced: ${why}`];
    assert.deepEqual(
      found(STARTING, 'Type=oneshot'),
      gap('a service of Type=oneshot has ended when it is ready'),
    );
    assert.deepEqual(
      found(STARTING, 'Type=idle'),
      gap("with Type=idle systemd does not report the program's start"),
    );
    assert.deepEqual(
      found(STARTING, '', targetOf(257, { machine: 'riscv64' })),
      gap('no program can load its filter on riscv64'),
    );
    assert.deepEqual(
      found(STARTING, '', targetOf(257, { scope: 'user' })),
      gap("a user's manager can't load its filter into processes"),
    );
    assert.ok(
      found(STARTING, 'RootDirectory=/srv/x').includes(
        gap('the program that loads its filter is not in the root of RootDirectory=')[0]!,
      ),
    );
    assert.ok(
      found(`${STARTING}[service]\nNoNewPrivileges = false`, 'User=daemon').includes(
        gap('without NoNewPrivileges only CAP_SYS_ADMIN can load its filter')[0]!,
      ),
    );
    const hintOf = (policy: string, lines: string) =>
      planned(policy, `User=daemon\n${lines}`).diagnostics.find(({ code }) => code === 'gap-ready')?.hint;
    const off = `${STARTING}[service]\nNoNewPrivileges = false`;
    assert.equal(hintOf(off, ''), 'remove NoNewPrivileges from [service]');
    for (const policy of [STARTING, off])
      assert.equal(hintOf(policy, 'NoNewPrivileges=no'), 'set NoNewPrivileges = true in [service]');
    assert.equal(hintOf(`${STARTING}[service]\nNoNewPrivileges = true`, 'NoNewPrivileges=no'), undefined);
    const { ready, commands, lines } = planned(STARTING, 'Type=oneshot');
    assert.deepEqual([ready, commands], [undefined, []]);
    assert.deepEqual([...new Set(lines.map(({ enforcedBy }) => enforcedBy))], ['nobody']);
  });
});

describe('a reload of a service with [ready]', () => {
  const RELOADED = 'ExecReload=/bin/second\nExecReload=/bin/third';

  test("has a warning if [ready] doesn't mention it", () => {
    const warned = [
      'warning ready-reload: a reload may need calls that [ready] refuses, and could fail without notice',
    ];
    assert.deepEqual(found(STARTING, RELOADED), warned);
    assert.deepEqual(found(STARTING, 'Type=notify-reload'), warned);
    assert.deepEqual(found(`${STARTING}reload = true`, RELOADED), []);
    assert.deepEqual(found(`${STARTING}reload = false`, RELOADED), []);
  });

  test('is removed with false, also behind the launcher', () => {
    const of = (policy: string, lines = RELOADED) =>
      planned(policy, lines).commands.find(({ key }) => key === 'ExecReload')?.lines;
    assert.deepEqual(of(`${STARTING}reload = false`), []);
    assert.equal(of(`${STARTING}reload = true`), undefined);
    const wrap = '[syscalls]\ndeny = ["write"]\n[exec]\nwrap = ["ExecStart", "ExecReload"]\n';
    assert.deepEqual(of(`${wrap}${STARTING}reload = false`), []);
    assert.equal(of(`${wrap}${STARTING}reload = true`)!.length, 2);
    assert.deepEqual(values('Type', 'Type=notify-reload', `${STARTING}reload = false`), ['notify']);
  });

  test("can't be removed if it is tried", () => {
    assert.deepEqual(found(`${STARTING}reload = false`), []);
    assert.deepEqual(found(`${STARTING}reload = false\n[apply]\nreload = true`, RELOADED), [
      'error contradiction: [ready] has reload = false, but [apply] has reload = true',
    ]);
  });
});

describe('an expectation of a service that serves', () => {
  const expecting = (call: string, action: string) =>
    `${STARTING}[[expect]]\nphase = "ready"\nsyscall = "${call}"\naction = "${action}"\n`;
  const failed = (policy: Policy | string, lines = '') =>
    planned(policy, lines)
      .diagnostics.filter(({ code }) => code === 'expectation-failed')
      .map(({ message, hint }) => `${message}; ${hint}`);

  test("is met by the filter of [ready], and by the unit's own", () => {
    assert.deepEqual(failed(expecting('bind', 'EPERM')), []);
    assert.deepEqual(failed(expecting('mount', 'kill'), 'SystemCallFilter=~mount'), []);
    assert.deepEqual(failed(expecting('mount', 'allow'), 'SystemCallFilter=~mount'), [
      "mount on x86-64 gets 'kill' once it serves, not 'allow'; the unit's own SystemCallFilter= refuses it",
    ]);
  });

  test('is checked against the enforcing policy, even if the unit is permissive', () => {
    assert.deepEqual(failed(asPermissive(policyFrom(expecting('bind', 'EPERM')))), []);
    assert.equal(failed(asPermissive(policyFrom(expecting('bind', 'log')))).length, 1);
  });
});

describe('a permissive policy with [ready]', () => {
  const note = (tables: string) =>
    `note permissive: --permissive: calls that ${tables} of demo.service would refuse are let through and recorded`;
  const permissive = (policy: string) => {
    const { mode, diagnostics } = planned(asPermissive(policyFrom(policy)));
    const notes = diagnostics.filter(({ code }) => code === 'permissive');
    return [mode, ...notes.map(({ severity, code, message }) => `${severity} ${code}: ${message}`)];
  };
  test('is reported for each of its tables', () => {
    const syscalls = '[syscalls]\ndeny = ["uname"]\n';
    assert.deepEqual(permissive(STARTING), ['permissive', note('[ready]')]);
    assert.deepEqual(permissive(syscalls + STARTING), ['permissive', note('[syscalls] and [ready]')]);
    assert.deepEqual(permissive(syscalls), ['permissive', note('[syscalls]')]);
  });

  test('still refuses calls if only one table records', () => {
    const logs = '[ready]\ndeny = ["bind"]\naction = "log"\n';
    assert.equal(planned(logs).mode, 'permissive');
    assert.equal(planned(`[syscalls]\ndeny = ["uname"]\n${logs}`).mode, 'enforcing');
    assert.equal(planned(`[syscalls]\ndeny = ["uname"]\naction = "log"\n${STARTING}`).mode, 'enforcing');
    assert.equal(planned(STARTING).mode, 'enforcing');
  });
});

/** A request for a plan of a policy on the usual service. */
const requestFor = (policy: string) => ({
  unit: parseUnitName('demo.service') as UnitName,
  effective: effectiveUnit([unitFile('')]),
  policy: policyFrom(policy),
  target: targetOf(257),
  places: {
    dropIn: '/d/zz-sandbox-unit.conf',
    filterFile: '/d/f',
    programsFolder: '/d/p',
    readyFile: '/d/r',
  },
  usable: true,
});

test('each entry has a line of its effect after readiness', () => {
  const policy = policyFrom(
    '[ready]\nallow = ["accept4"]\ndeny = ["bind:kill", "cacheflush"]\nlog = ["connect"]',
  );
  const request = { ...requestFor(''), policy };
  const lines = readyLines(policy.ready!, resolveReady(request, policy.ready!), undefined);
  assert.deepEqual(
    lines.map(({ subject, enforcedBy, phase }) => [subject, enforcedBy, phase]),
    [
      ['allow accept4', 'tighten', 'ready'],
      ['deny bind:kill', 'tighten', 'ready'],
      ['deny cacheflush:EPERM', 'not needed', 'ready'],
      ['log connect', 'tighten', 'ready'],
    ],
  );
  assert.equal(typeWith(request.effective, policy.ready!), 'exec');
});
