/** Tests of policy/equivalent-calls.ts: calls that sets of older systemds lack, as the warnings about open doors tell of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equivalentCalls } from '../../src/policy/equivalent-calls.js';
import { bundledSets, type SyscallSets } from '../../src/seccomp/syscalls/sets.js';
import { olderSets } from '../support/older-sets.js';
import { syscallsFrom } from '../support/policy.js';

const lacking = (lines: string, sets: SyscallSets) =>
  equivalentCalls(syscallsFrom(lines), [], sets, ['x86-64']).map(({ message, hint }) => [message, hint]);

test('a set of an older systemd lacks newer calls, which a policy must deny by name', () => {
  assert.deepEqual(lacking('deny = ["@mount"]', bundledSets()), [
    ["'mount_setattr' is refused, but 'open_tree_attr' does the same", "deny 'open_tree_attr' too"],
  ]);
  assert.deepEqual(lacking('deny = ["@mount"]', olderSets('247')), [
    ["'@mount' of systemd 247 lacks 'mount_setattr', which newer kernels have", "deny 'mount_setattr' too"],
    ["'open_tree' is refused, but 'open_tree_attr' does the same", "deny 'open_tree_attr' too"],
  ]);
  const [[message] = []] = lacking('deny = ["@file-system", "io_uring_setup"]', olderSets('252'));
  assert.match(message!, /^'@file-system' of systemd 252\S* lacks .*'setxattrat'/);
});

test('no newer call is missing if newer calls are refused, or the set is let through', () => {
  for (const lines of [
    'deny = ["@mount", "open_tree_attr"]',
    'allow = ["@system-service"]\ndeny = ["@mount"]',
    'deny = ["@mount:log"]',
    'deny = ["@swap"]',
  ]) {
    assert.deepEqual(lacking(lines, bundledSets()), [], lines);
  }
});
