import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemdMeaning } from '../../../src/plan/calls/systemd-meaning.js';
import { ABIS } from '../../../src/syscalls/abi.js';
import { ALLOW, ENOSYS, errnoAction, KILL } from '../../../src/syscalls/action.js';
import { numbersOf } from '../../../src/syscalls/numbers.js';
import { evaluate } from '../../../src/syscalls/policy.js';
import { planned, targetOf } from '../../support/planned.js';

function bySystemd(policy: string, systemd = 257) {
  const meaning = systemdMeaning(planned(policy, '', targetOf(systemd)))!;
  return (call: string | number) => {
    const nr = typeof call === 'number' ? call : numbersOf('x86-64').get(call)!;
    return evaluate(meaning, { arch: ABIS['x86-64'].arch, nr, args: [0n, 0n, 0n, 0n, 0n, 0n] });
  };
}

test('lines without the launcher are held to what systemd refuses, and to no more', () => {
  const answer = bySystemd('[syscalls]\ndeny = ["execve", "uname:EPERM", "ptrace"]');
  assert.deepEqual(['execve', 'uname', 'ptrace', 'read'].map(answer), [ALLOW, errnoAction(1), KILL, ALLOW]);
  assert.equal(answer(9999), ALLOW);
});

test('an allow list refuses what it has not, unknown numbers as its version does', () => {
  const policy = '[syscalls]\nallow = ["@system-service"]\naction = "EACCES"\ndeny = ["execve"]';
  assert.deepEqual(['read', 'ptrace', 'execve'].map(bySystemd(policy)), [ALLOW, errnoAction(13), ALLOW]);
  assert.equal(bySystemd(policy)(9999), ENOSYS);
  assert.equal(bySystemd(policy, 252)(9999), errnoAction(13));
});

test('without a filter of systemd there is nothing to hold them to', () => {
  assert.equal(systemdMeaning(planned('[service]\nPrivateTmp = true')), undefined);
  const lack = { reason: 'built without seccomp', hint: '' };
  const target = targetOf(257, { abilities: { lacks: new Map([['seccomp', lack]]), assumed: new Set() } });
  assert.equal(systemdMeaning(planned('[syscalls]\ndeny = ["uname"]', '', target)), undefined);
});
