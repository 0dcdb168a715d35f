import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callNames } from '../../../src/seccomp/syscalls/numbers.js';
import { sameCalls } from '../../../src/seccomp/syscalls/same-calls.js';

const familyOf = (call: string) => sameCalls().find((group) => group.includes(call)) ?? [];

test('a call has one family at most, of existing names', () => {
  const all = sameCalls().flat();
  assert.equal(new Set(all).size, all.length);
  const found = all.filter((call) => !callNames().has(call));
  assert.deepEqual(found, []);
});

test('names that end in 32, 64 or _time64 or begin with old belong to the call without', () => {
  assert.deepEqual(familyOf('setresuid'), ['setresuid', 'setresuid32']);
  assert.deepEqual(familyOf('lstat'), ['lstat', 'lstat64', 'oldlstat']);
  assert.deepEqual(familyOf('futex'), ['futex', 'futex_time64']);
  assert.deepEqual(familyOf('timer_settime'), ['timer_settime', 'timer_settime64']);
});

test('other old names are known', () => {
  const families = [
    ['_llseek', 'lseek'],
    ['_newselect', 'select'],
    ['arm_fadvise64_64', 'fadvise64', 'fadvise64_64'],
    ['clock_settime', 'clock_settime64', 'settimeofday', 'stime'],
    ['fstatat64', 'newfstatat'],
    ['getdents', 'getdents64', 'readdir'],
    ['getrlimit', 'ugetrlimit'],
    ['mmap', 'mmap2'],
    ['oldolduname', 'olduname', 'uname'],
    ['sync_file_range', 'sync_file_range2'],
    ['umount', 'umount2'],
  ];
  for (const family of families) for (const call of family) assert.deepEqual(familyOf(call), family);
});

test('a name that only looks like one of another call has its own family', () => {
  for (const call of [
    'pread64',
    'prlimit64',
    'rt_sigqueueinfo',
    'rt_sigaction',
    'ssetmask',
    'dup2',
    'eventfd2',
    'openat2',
  ]) {
    assert.deepEqual(familyOf(call), [], call);
  }
});
