import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { withOwnSets } from '../../../src/seccomp/syscalls/own-sets.js';
import {
  bundledSets,
  expandSet,
  parseSyscallFilterListing,
  setNames,
} from '../../../src/seccomp/syscalls/sets.js';

const own = withOwnSets(bundledSets());
const members = (name: string) => expandSet(own, name)!;

test('the harmless set can continue and exit, and starts nothing', () => {
  const harmless = members('@harmless');
  for (const call of [
    'exit_group',
    'rt_sigreturn',
    'restart_syscall',
    'read',
    'write',
    'epoll_wait',
    'madvise',
  ])
    assert.ok(harmless.includes(call), call);
  for (const call of ['execve', 'execveat', 'clone', 'openat', 'socket', 'connect', 'accept4'])
    assert.ok(!harmless.includes(call), call);
  assert.ok(members('@default').includes('execve'));
});

test('the set of dangerous calls has 18, all of x86-64', () => {
  const critical = members('@critical');
  assert.equal(critical.length, 18);
  const found = critical.filter((call) => !numbersOf('x86-64').has(call));
  assert.deepEqual(found, []);
});

test("systemd's own sets are unchanged, and lack sandbox-unit's", () => {
  const sets = bundledSets();
  const found = setNames(own).filter((name) => !setNames(sets).includes(name));
  assert.deepEqual(found, ['@critical', '@harmless']);
  assert.equal(expandSet(sets, '@harmless'), undefined);
  assert.equal(withOwnSets(sets), own);
});

test("a systemd that lacks some sets, or has one of sandbox-unit's names, changes only their members", () => {
  const listing = '@default\n    execve\n    exit\n@critical\n    uname\n';
  const sets = withOwnSets(parseSyscallFilterListing(listing, '300'));
  assert.deepEqual(expandSet(sets, '@harmless'), ['exit', 'madvise']);
  assert.deepEqual(expandSet(sets, '@critical'), members('@critical'));
});
