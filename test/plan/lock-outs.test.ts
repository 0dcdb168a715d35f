import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePolicies } from '../../src/policy/merge.js';
import { asPermissive } from '../../src/policy/permissive.js';
import type { Policy } from '../../src/policy/policy.js';
import { planned, targetOf } from '../support/planned.js';
import { policyFrom } from '../support/policy.js';

const startedBy = (command: string) => `ExecStart=\nExecStart=${command}`;
const SSHD = startedBy('/usr/sbin/sshd -D');
const NO_EXEC = '[syscalls]\ndeny = ["execve", "execveat"]\naction = "EPERM"\n';
const READY = '[ready]\ndeny = ["execve", "execveat"]\nreload = true\n';
const UNDERSTOOD = '[apply]\nunderstood = ["locks-out"]\n';

const found = (policy: string | Policy, lines = SSHD, code = 'locks-out', target = targetOf(257)) =>
  planned(policy, lines, target)
    .diagnostics.filter((one) => one.code === code)
    .map(({ severity, at, message }) => `${severity} ${at?.line} ${message}`);

const takes = (line: number, subject: string, what = 'starting programs', severity = 'error') => [
  `${severity} ${line} '${subject}' would break demo.service, which can't work without ${what}`,
];

/** Policies that keep a login from its shell or its home. */
const REFUSING: readonly (readonly [policy: string, line: number, subject: string, what?: string])[] = [
  [NO_EXEC, 2, 'deny execve'],
  [READY, 2, 'deny execve'],
  [`[syscalls]\ndeny = ["uname"]\n${READY}`, 4, 'deny execve'],
  ['[ready]\nallow = ["accept4", "socket"]\n', 2, 'allow without execve'],
  ['[service]\nNoExecPaths = ["/"]\n', 2, 'NoExecPaths'],
  ['[service]\nNoExecPaths = ["/"]\nExecPaths = ["/usr/sbin"]\n', 2, 'NoExecPaths'],
  ['[service]\nNoExecPaths = ["/bin/sh"]\n', 2, 'NoExecPaths'],
  ['[service]\nProtectHome = true\n', 2, 'ProtectHome', 'homes'],
  ['[service]\nProtectHome = "read-only"\n', 2, 'ProtectHome', 'homes'],
];

for (const [policy, line, subject, what] of REFUSING) {
  test(`sshd: '${subject}' in ${policy.replaceAll('\n', ' ')}is an error, unless it is \`understood\``, () => {
    assert.deepEqual(found(policy), takes(line, subject, what));
    assert.deepEqual(found(`${policy}${UNDERSTOOD}`), takes(line, subject, what, 'warning'));
    assert.deepEqual(found(policy, startedBy('/usr/sbin/nginx')), []);
  });
}

test("a mail server that starts programs is refused a policy without execve; logind isn't", () => {
  assert.deepEqual(found(NO_EXEC, startedBy('/usr/sbin/postfix start')), takes(2, 'deny execve'));
  assert.deepEqual(found(NO_EXEC, startedBy('/usr/lib/systemd/systemd-logind')), []);
});

test('a policy that lets sshd start programs is no lock-out, whatever else it refuses', () => {
  for (const policy of [
    '[service]\nProtectHome = false\nNoNewPrivileges = true\nPrivateNetwork = true\n',
    '[service]\nNoExecPaths = ["/"]\nExecPaths = ["/usr"]\n',
    '[service]\nNoExecPaths = ["/home", "/tmp"]\n',
  ])
    assert.deepEqual(found(policy), [], policy);
  assert.deepEqual(found(asPermissive(policyFrom(READY))), []);
});

for (const [command, directive, what] of [
  ['/usr/sbin/smbd --foreground', 'ProtectHome', 'homes'],
  ['/usr/sbin/chronyd -F 1', 'ProtectClock', 'clock'],
  ['/usr/sbin/rsyslogd -n', 'ProtectKernelLogs', 'kernel log'],
  ['/usr/sbin/pcscd --foreground', 'PrivateDevices', 'devices'],
  ['/usr/sbin/irqbalance', 'ProtectKernelTunables', 'tunables'],
] as const) {
  test(`${directive} is an error for ${command}, unless the unit has it already`, () => {
    const policy = `[service]\n${directive} = true\n`;
    assert.deepEqual(found(policy, startedBy(command)), takes(2, directive, what));
    assert.deepEqual(found(policy, `${startedBy(command)}\n${directive}=yes`), []);
    assert.deepEqual(found(policy.replace('true', 'false'), startedBy(command)), []);
  });
}

test("a user's own sshd may lose execve", () => {
  assert.deepEqual(found(NO_EXEC, SSHD, 'locks-out', targetOf(257, { scope: 'user' })), []);
});

test('`understood` in a base applies to policies that extend it', () => {
  const base = policyFrom(UNDERSTOOD);
  assert.deepEqual(
    found(mergePolicies([base], policyFrom(NO_EXEC))),
    takes(2, 'deny execve', 'starting programs', 'warning'),
  );
});

test('a note says that sessions, jobs and containers inherit the policy of their unit', () => {
  const noted = (command: string) =>
    found('[service]\nProtectClock = true\n', startedBy(command), 'logins-inherit');
  for (const command of ['/usr/sbin/sshd -D', '/usr/sbin/cron -f', '/usr/bin/dockerd'])
    assert.match(
      noted(command)[0]!,
      /^note undefined programs that people start through demo\.service, even as root,/,
    );
  assert.deepEqual(noted('/usr/sbin/postfix start'), []);
});

test('only changes of access units wait for a confirmation by themselves', () => {
  const isAccess = (command: string) => planned(NO_EXEC, startedBy(command)).isAccess;
  assert.equal(isAccess('/usr/sbin/sshd -D'), true);
  assert.equal(isAccess('/usr/lib/systemd/systemd-logind'), true);
  assert.equal(isAccess('/usr/sbin/nrpe -f'), false);
});

test("the launcher doesn't set no_new_privs for units that start programs, unless it must or is asked to", () => {
  const policy = '[syscalls]\ndeny = ["uname"]\nenforcer = "launcher"\n';
  const sets = (lines: string, more = '') => planned(policy + more, lines).filter!.noNewPrivileges;
  assert.equal(sets(SSHD), false);
  assert.equal(sets(startedBy('/usr/sbin/nginx')), true);
  assert.equal(sets(SSHD, '[service]\nNoNewPrivileges = true\n'), true);
  assert.equal(sets(`${SSHD}\nCapabilityBoundingSet=~CAP_SYS_ADMIN`), true);
});
