import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atStart, START_CALLS } from '../../../src/plan/calls/start-calls.js';
import { ABIS } from '../../../src/seccomp/syscalls/abi.js';
import { ALLOW, errnoAction, KILL, permits } from '../../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { evaluate, type SyscallPolicy } from '../../../src/seccomp/syscalls/policy.js';
import { resolve } from '../../../src/seccomp/syscalls/resolve.js';
import { callContext } from '../../support/planned.js';

const answer = (policy: SyscallPolicy, call: string, ...args: bigint[]) =>
  evaluate(policy, {
    arch: ABIS['x86-64'].arch,
    nr: numbersOf('x86-64').get(call)!,
    args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6),
  });

const start = (syscalls: string, own = '') => resolve(atStart(callContext(syscalls, own).named), 'x86-64');

const NOTHING = 'allow = []\nimplicit = false';
const [O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_DIRECTORY, O_TMPFILE] = [
  1n,
  2n,
  0o100n,
  0o1000n,
  0o200000n,
  0o20200000n,
];

test('a policy that permits nothing still lets a program start', () => {
  const policy = start(NOTHING);
  for (const call of START_CALLS.filter((name) => numbersOf('x86-64').has(name))) {
    assert.equal(answer(policy, call), ALLOW, call);
  }
});

test('start calls open files for reading only, by any call', () => {
  const policy = start(NOTHING);
  for (const [call, before] of [
    ['open', [0n]],
    ['openat', [0n, 0n]],
  ] as const) {
    for (const flags of [0n, O_DIRECTORY, 0o2000000n])
      assert.equal(answer(policy, call, ...before, flags), ALLOW);
    for (const flags of [O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE, O_TMPFILE | O_DIRECTORY]) {
      assert.equal(answer(policy, call, ...before, flags), KILL, `${call} ${flags.toString(8)}`);
    }
  }
});

test('start calls start no program, connect to nothing and change no file', () => {
  const others =
    'execve execveat clone clone3 fork vfork connect socket bind sendto unlink rename ptrace process_vm_writev';
  for (const call of others.split(' ')) {
    assert.ok(!START_CALLS.includes(call), call);
    assert.equal(answer(start(NOTHING), call), KILL, call);
  }
});

test("the policy's own refusals apply later, the unit's from the start, except for seccomp", () => {
  const policy = start(
    'deny = ["uname:EPERM", "seccomp"]',
    'SystemCallFilter=~getpid seccomp\nSystemCallErrorNumber=EACCES',
  );
  assert.equal(answer(policy, 'uname'), ALLOW);
  assert.equal(answer(policy, 'getpid'), errnoAction(13));
  assert.ok(permits(answer(policy, 'seccomp')));
});

test('a file that the policy lets a program write may be written at its start, too', () => {
  assert.equal(answer(start('deny = ["execve"]'), 'openat', 0n, 0n, O_WRONLY), ALLOW);
});
