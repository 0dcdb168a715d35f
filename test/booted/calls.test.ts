/** Policies on calls, on a service that makes the calls. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { machine } from '../support/machine.js';
import { defineProgram, exited, KILLED, revert, runConfined, runToEnd } from '../support/service.js';
import { CALLER, DONE, DOWN, KILL, line, outcomesOf } from '../support/service-calls.js';

const { box, test } = machine('calls', { programs: CALLER });

const outcomes = (policy: string | undefined, lines: readonly string[]) => outcomesOf(box, policy, lines);

describe('write', () => {
  const echo = async (lines: string, policy = '') => {
    await defineProgram(box, 'echo.service', `Type=oneshot\nExecStart=/usr/bin/echo hello\n${lines}`);
    if (policy === '') return runToEnd(box, 'echo.service');
    const ending = await runConfined(box, 'echo.service', `[syscalls]\n${policy}\n`);
    await revert(box, 'echo.service');
    return ending;
  };

  test('is let through by systemd although its filter denies it', async () => {
    assert.deepEqual(await echo('SystemCallFilter=~write'), exited(0, 'hello\n'));
    assert.deepEqual(await echo('SystemCallFilter=~write:EPERM'), exited(0, 'hello\n'));
  });

  test('is denied by a policy', async () => {
    assert.deepEqual(await echo('', 'deny = ["write"]'), KILLED);
    assert.deepEqual(await echo('', 'deny = ["write"]\naction = "EPERM"'), exited(1, ''));
    assert.deepEqual(
      await echo('', 'allow = ["@default", "@file-system", "@basic-io"]\ndeny = ["write"]'),
      KILLED,
    );
  });

  test('is denied by a policy if the unit itself has it in SystemCallFilter=~', async () => {
    assert.deepEqual(await echo('SystemCallFilter=~write', 'deny = ["write:ENETDOWN"]'), exited(1, ''));
  });
});

test('each entry of a deny list has its own action', async () => {
  const policy = `
[syscalls]
deny = ["@mount:ENETDOWN", "umount2:EILSEQ", "ptrace", "uname:kill", "getuid:log", "getpid"]
action = "ENOTTY"
`;
  const names = ['mount', 'pivot_root', 'umount2', 'ptrace', 'uname', 'getuid', 'getpid', 'getppid'];
  assert.deepEqual(
    await outcomes(
      policy,
      names.map((name) => line(name)),
    ),
    [DOWN, DOWN, 'returned -84', 'returned -25', KILL, DONE, 'returned -25', DONE],
  );
});

test("the launcher's own calls can be denied", async () => {
  const names = ['prctl', 'seccomp', 'openat', 'newfstatat', 'getrandom', 'execve'];
  const policy = `[syscalls]\naction = "ENETDOWN"\ndeny = ${JSON.stringify([...names, 'execveat'])}\n`;
  assert.deepEqual(
    await outcomes(
      policy,
      names.map((name) => line(name)),
    ),
    names.map(() => DOWN),
  );
});

/** More than any call of any table has. */
const NOWHERE = 5000;

const UNKNOWN: readonly [policy: string, outcome: string][] = [
  ['deny = ["uname"]', 'returned -38'],
  ['allow = ["@system-service"]', 'returned -38'],
  ['allow = ["@system-service"]\nenforcer = "launcher"', 'returned -38'],
  ['allow = ["@system-service"]\nunknown = "ENETDOWN"', DOWN],
  ['allow = ["@system-service"]\nunknown = "kill"', KILL],
];

for (const [policy, outcome] of UNKNOWN) {
  test(`an unknown number: ${outcome} under ${policy.replace('\n', ', ')}`, async () => {
    const found = await outcomes(`[syscalls]\n${policy}\n`, [line(NOWHERE), line('getpid')]);
    assert.deepEqual(found, [outcome, DONE]);
  });
}

test('a dynamic program with many libraries runs under an allow list', async () => {
  await defineProgram(box, 'curl.service', 'Type=oneshot\nExecStart=/usr/bin/curl -sS file:///etc/hostname');
  for (const enforcer of ['auto', 'launcher']) {
    const policy = `[syscalls]\nallow = ["@system-service"]\ndeny = ["execve", "execveat"]\nenforcer = "${enforcer}"\n`;
    assert.deepEqual(await runConfined(box, 'curl.service', policy), exited(0, 'calls\n'));
  }
  await revert(box, 'curl.service');
});
