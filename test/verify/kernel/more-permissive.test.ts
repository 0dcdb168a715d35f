import assert from 'node:assert/strict';
import { test } from 'node:test';
import { morePermissiveSince } from '../../../src/verify/kernel/more-permissive.js';
import type { ThreadGroup } from '../../../src/verify/kernel/thread-group.js';

const difference = (abi: 'x86-64' | 'x86', calls: readonly string[]) => ({
  ...{ abi, calls, expected: 'kill', got: 'allow', someArguments: false },
});
const group = (pid: number, ...differences: ReturnType<typeof difference>[]): ThreadGroup =>
  ({
    ...{ processes: [{ pid, name: 'demo', threads: 1 }], filters: 0, heldTo: 'policy', leftOver: false },
    ...{ calls: 'looser', differences },
  }) as ThreadGroup;
const messages = (groups: readonly ThreadGroup[], main: number) =>
  morePermissiveSince(groups, main).map(({ message, hint }) => `${message}${hint ? '; hint' : ''}`);

const MAIN = group(1, difference('x86', ['every call']), difference('x86-64', ['execve', 'acct']));
const STRAY = "the policy is not fully enforced in demo (2): ptrace (x86-64) gets 'allow', not 'kill'; hint";

test('calls that the main process lets through are one error without a hint', () => {
  const all = 'so the policy is not fully enforced in demo (1): every call (x86), execve, acct (x86-64)';
  assert.deepEqual(messages([MAIN], 1), [all]);
  assert.deepEqual(messages([MAIN], 0), [all]);
  assert.deepEqual(messages([group(1)], 1), []);
});

test('calls that only other processes let through are reported separately', () => {
  const more = group(2, difference('x86', ['mount']), difference('x86-64', ['acct', 'ptrace']));
  const [first, ...rest] = messages([more, MAIN], 1);
  assert.match(first!, /^so the policy is not fully enforced in demo \(1\) and others: every call/);
  assert.deepEqual(rest, [STRAY]);
  const alike = group(2, difference('x86-64', ['acct', 'ptrace']));
  assert.match(
    messages([MAIN, alike], 1)[0]!,
    /^so the policy is not fully enforced in demo \(1\) and others: /,
  );
});

test('all calls are reported if the main process lets none through', () => {
  const stray = group(2, difference('x86-64', ['ptrace']));
  assert.deepEqual(messages([group(1), stray], 1), [STRAY]);
  assert.deepEqual(messages([group(1), { ...stray, leftOver: true }], 1), []);
});
