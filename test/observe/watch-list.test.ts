import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configuration, LOOKS, observedAbis, WATCHED, watchedOn } from '../../src/observe/watch-list.js';
import { callNames } from '../../src/seccomp/syscalls/numbers.js';
import { NEEDED_ARGUMENTS } from '../support/needed-arguments.js';

test('every name in the watch list is a call', () => {
  for (const { call } of [...WATCHED, ...LOOKS]) assert.ok(callNames().has(call), call);
});

test('a call has at most two watched arguments, and two looks', () => {
  const count = (calls: readonly string[]) =>
    Math.max(...calls.map((call) => calls.filter((one) => one === call).length));
  assert.equal(count(WATCHED.map(({ call }) => call)), 2);
  assert.equal(count(LOOKS.map(({ call }) => call)), 2);
});

test('everything that proves rules and directives is watched', () => {
  const isWatched = ([name, places]: (typeof NEEDED_ARGUMENTS)[number]) =>
    WATCHED.some(
      ({ call, arguments: of }) => call === name && places.every((one) => of.some((place) => place === one)),
    );
  const found = NEEDED_ARGUMENTS.filter((one) => !isWatched(one));
  assert.deepEqual(found, []);
});

test('the observer has at most 255 watched arguments', () => {
  for (const machine of ['x86-64', 'arm64'] as const) assert.ok(watchedOn(machine).length <= 255);
});

test("the observer's ABIs are those of the machine", () => {
  assert.deepEqual(
    [...observedAbis('x86-64')],
    [
      ['native', 'x86-64'],
      ['compat', 'x86'],
      ['x32', 'x32'],
    ],
  );
  assert.deepEqual(
    [...observedAbis('arm64')],
    [
      ['native', 'arm64'],
      ['compat', 'arm'],
    ],
  );
});

test('lines have the numbers of each ABI', () => {
  const lines = configuration('x86-64');
  for (const line of [
    'watch native 41 0 1 0 0 0',
    'watch compat 359 0 1 0 0 0',
    'watch native 41 2 - 0 0 ffffffff',
    'watch native 56 0 - 0 0 0',
    'watch native 314 1 - 4 4 0',
    'look native 257 open 1 0',
    'look compat 295 open 1 0',
    'look native 2 open 0 -',
    'look native 49 bind - -',
    'look native 83 make 0 -',
    'look native 81 chdir - -',
    'look native 91 change-attribute - 0',
    'look native 21 access 0 -',
    'look native 126 capabilities 1 -',
    'look native 157 capabilities - -',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.ok(!lines.some((line) => /^(?:watch|look) compat 90 /.test(line)), 'the old mmap');
  assert.ok(configuration('arm64').includes('look native 56 open 1 0'));
});
