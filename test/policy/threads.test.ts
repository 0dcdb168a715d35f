import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSyscalls } from '../../src/policy/check.js';
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
  const fate = ', too: a service that starts one under load fails';
  assert.deepEqual(found('[ready]\ndeny = ["fork", "clone"]'), [`'clone' is refused to threads${fate}`]);
  const set = '[ready]\ndeny = ["@critical"]';
  const memory = `'@critical' has 'mprotect', which is refused to threads${fate}`;
  assert.deepEqual(found(set), [`'@critical' has 'clone', which is refused to threads${fate}`, memory]);
  assert.deepEqual(found(set + KEPT), [memory]);
});

test('no warning if threads can still start, or never could', () => {
  assert.deepEqual(found(`[ready]\ndeny = ["fork", "vfork", "clone3:ENOSYS", "clone"]${KEPT}`), []);
  assert.deepEqual(found('[syscalls]\ndeny = ["clone"]\n[ready]\ndeny = ["@process"]'), []);
  assert.deepEqual(found('[syscalls]\ndeny = ["clone"]'), []);
});
