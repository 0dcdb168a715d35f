/** Tests of policy/check.ts: calls that services can't do without. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSyscalls, takenFromAll } from '../../src/policy/check.js';
import { bundledSets } from '../../src/seccomp/syscalls/sets.js';
import { policyFrom } from '../support/policy.js';

const found = (text: string) =>
  checkSyscalls(policyFrom(text), bundledSets(), ['x86-64'])
    .filter(({ code }) => code === 'indispensable')
    .map(({ message }) => message);

const KEPT = `
[[ready.rules]]
syscall = "clone"
when = [{ arg = 0, bits-any = "CLONE_THREAD" }]
action = "allow"
`;

test('a warning if [ready] refuses what threads need, by name or by a set', () => {
  const fate = ', too: a service that starts threads under load fails';
  assert.deepEqual(found('[ready]\ndeny = ["fork", "clone"]'), [`'clone' is refused for threads${fate}`]);
  const set = '[ready]\ndeny = ["@critical"]';
  const memory = `'@critical' includes 'mprotect', which is refused for threads${fate}`;
  assert.deepEqual(found(set), [`'@critical' includes 'clone', which is refused for threads${fate}`, memory]);
  assert.deepEqual(found(set + KEPT), [memory]);
});

test('no warning if threads can still start, or never could', () => {
  assert.deepEqual(found(`[ready]\ndeny = ["fork", "vfork", "clone3:ENOSYS", "clone"]${KEPT}`), []);
  assert.deepEqual(found('[syscalls]\ndeny = ["clone"]\n[ready]\ndeny = ["@process"]'), []);
  assert.deepEqual(found('[syscalls]\ndeny = ["clone"]'), []);
});

test('a warning where [syscalls] refuses what nearly every program calls', () => {
  const taken = (text: string) =>
    takenFromAll(policyFrom(text), bundledSets(), ['x86-64', 'arm64']).map(
      ({ message, at }) => `${at!.line}: ${/refuses (.*): hardly/.exec(message)![1]}`,
    );
  const allow = '[syscalls]\nallow = ["read"]';
  assert.deepEqual(taken(allow), ['2: openat, close']);
  assert.deepEqual(taken('[syscalls]\nallow = ["@system-service"]\ndeny = ["openat", "open"]'), [
    '3: openat',
  ]);
  assert.deepEqual(taken('[syscalls]\ndeny = ["exit_group"]'), ['2: exit_group']);
  for (const none of [
    '[syscalls]\ndeny = ["open"]',
    `${allow}\naction = "log"`,
    `${allow}\nstage = "entry"`,
    '[ready]\ndeny = ["execve"]',
  ])
    assert.deepEqual(taken(none), [], none);
});
