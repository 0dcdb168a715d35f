/**
 * Tests of verify/kernel/installed-filters.ts, verify/kernel/loaded-filters.ts, verify/kernel/name-differences.ts and
 * verify/kernel/refusers.ts: filters of systemd's own, beside which a policy is stricter.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ABIS } from '../../../src/syscalls/abi.js';
import { ALLOW, errnoAction, KILL, KILL_THREAD } from '../../../src/syscalls/action.js';
import { bundledSets } from '../../../src/syscalls/sets.js';
import { parseFilters } from '../../../src/verify/kernel/installed-filters.js';
import { nameDifferences } from '../../../src/verify/kernel/name-differences.js';
import { createRefusers } from '../../../src/verify/kernel/refusers.js';
import { unitState } from '../../support/unit-state.js';

const ALLOWS = '0600 00 00 0000ff7f'.replaceAll(' ', '');
const LOADS = '2000 00 00 04000000'.replaceAll(' ', '');

describe('what read-filters prints', () => {
  test('is read thread by thread', () => {
    const text = `thread 7 2\nfilter ${ALLOWS}\nfilter ${LOADS}${ALLOWS}\nsame 8 7\nfailed 9 3\nthread 10 0\n`;
    const { threads, failed, foreign, settled } = parseFilters(text)!;
    const allow = { code: 6, jt: 0, jf: 0, k: ALLOW };
    const load = { code: 0x20, jt: 0, jf: 0, k: 4 };
    assert.deepEqual(threads, [
      { tid: 7, stack: [[allow], [load, allow]], unread: 0 },
      { tid: 8, stack: [[allow], [load, allow]], unread: 0 },
      { tid: 10, stack: [], unread: 0 },
    ]);
    assert.equal(threads[0]!.stack, threads[1]!.stack);
    assert.deepEqual(failed, [{ tid: 9, errno: 3 }]);
    assert.deepEqual([foreign, settled], [0, true]);
  });

  test('says what it has not seen', () => {
    assert.deepEqual(parseFilters('foreign 2\nunsettled\n'), {
      ...{ threads: [], failed: [], foreign: 2, settled: false },
    });
  });

  test('is as much as there is room for, the oldest of every thread first, and equal ones once', () => {
    const long = (number: number) =>
      `filter ${`0400 00 00 0000${number.toString(16).padStart(4, '0')}`.replaceAll(' ', '').repeat(4095)}${ALLOWS}\n`;
    const start = `filter ${LOADS}${ALLOWS}\n`;
    const threads = Array.from(
      { length: 600 },
      (_, i) => `thread ${i + 1} 3\n${long(2 * i)}${long(2 * i + 1)}${start}`,
    );
    const found = parseFilters(`${threads.join('')}thread 601 2\n${long(2)}${start}`)!.threads;
    assert.ok(found.every(({ stack, unread }, i) => stack.length + unread === (i < 600 ? 3 : 2)));
    assert.ok(found.every(({ stack }) => stack.at(-1) === found[0]!.stack.at(-1)));
    const counts = found.map(({ stack }) => stack.length);
    assert.deepEqual([counts[0], counts[599]], [2, 1]);
    const most = found
      .flatMap(({ stack }) => stack.slice(0, -1))
      .reduce((sum, { length }) => sum + length, 0);
    assert.ok(most > 100 * 4096 && most < 200 * 4096, `${most}`);
  });

  const WRONG: readonly [what: string, text: string][] = [
    ['no end', 'thread 7 0'],
    ['a thread twice', 'thread 7 0\nfailed 7 3\n'],
    ['an empty line', 'thread 7 0\n\n'],
    ['a number too few', 'thread 7\n'],
    ['a number too many', 'unsettled 1\n'],
    ['a filter too few', `thread 7 2\nfilter ${ALLOWS}\n`],
    ['a filter too many', `thread 7 0\nfilter ${ALLOWS}\n`],
    ['half an instruction', `thread 7 1\nfilter ${ALLOWS}0600\n`],
    ['an empty filter', 'thread 7 1\nfilter \n'],
    ['what no kernel takes', `thread 7 1\nfilter ${LOADS}\n`],
    ['the same as none', 'same 7 6\n'],
    ['the same as itself', 'same 7 7\n'],
    ['a thread twice by another', 'thread 6 0\nthread 7 0\nsame 7 6\n'],
    ['a failure twice', 'failed 7 3\nfailed 7 3\n'],
    ['no number', 'thread 7 x\n'],
    ['a negative number', 'failed 7 -3\n'],
    ['another word', 'threads 7 0\n'],
  ];
  for (const [what, text] of WRONG) {
    test(`is nothing if it has ${what}`, () => assert.equal(parseFilters(text), undefined));
  }
});

describe('differences by name', () => {
  const named = (arch: number, first: number, last: number) =>
    nameDifferences(
      { machine: 'x86-64', abis: new Map() },
      [{ arch, first, last, relation: 'stricter', expected: ALLOW, got: errnoAction(1) }],
      () => ['Some'],
    ).map(({ abi, calls }) => [abi, calls]);

  test('are of the convention that the number is of', () => {
    const x86_64 = ABIS['x86-64'].arch;
    assert.deepEqual(named(x86_64, 59, 59), [['x86-64', ['execve']]]);
    assert.deepEqual(named(x86_64, 0x40000000 + 520, 0x40000000 + 520), [['x32', ['execve']]]);
    assert.deepEqual(named(ABIS.x86.arch, 11, 11), [['x86', ['execve']]]);
  });

  test('say so where a number has no call, -1 too', () => {
    const x86_64 = ABIS['x86-64'].arch;
    for (const nr of [100_000, 0xffffffff]) {
      assert.deepEqual(named(x86_64, nr, nr), [['x86-64', ['numbers without a call']]]);
    }
    const [[, calls]] = named(x86_64, 1, 100_000) as [[string, string[]]];
    assert.ok(calls.includes('write') && !calls.includes('read') && calls.includes('numbers without a call'));
  });

  test('are every call where none of a convention is left out', () => {
    const every = ['x86-64', 'x32'].map((abi) => [abi, ['every call']]);
    assert.deepEqual(named(ABIS['x86-64'].arch, 0, 0xfffffffe), every);
  });
});

test('a closed convention that is refused otherwise is one difference', () => {
  const differences = [1, 20].map((first) => ({
    ...{ arch: ABIS.x86.arch, first, last: first, relation: 'otherwise' as const },
    ...{ expected: KILL, got: KILL_THREAD },
  }));
  const policy = { machine: 'x86-64' as const, abis: new Map() };
  const by = ['SystemCallFilter', 'SystemCallArchitectures'];
  const [closed, ...others] = nameDifferences(policy, differences, () => by);
  assert.deepEqual(others, []);
  assert.deepEqual([closed?.calls, closed?.by], [['closed convention'], ['SystemCallArchitectures']]);
  assert.deepEqual([closed?.expected, closed?.got], ['kill', 'kill-thread']);
});

describe('directives that refuse a call', () => {
  const DEFAULTS: Readonly<Record<string, unknown>> = {
    RestrictAddressFamilies: [false, []],
    RestrictNamespaces: 2n ** 64n - 1n,
    LockPersonality: false,
    SystemCallFilter: [false, []],
    SystemCallArchitectures: [],
  };
  const refusersOf = (given: Readonly<Record<string, unknown>>) =>
    createRefusers(unitState({ ...DEFAULTS, ...given }), {
      machine: 'x86-64',
      sets: bundledSets(),
    });

  test('are none by default', () => {
    const refusers = refusersOf({});
    for (const call of ['socket', 'clone', 'personality', 'execve']) {
      assert.deepEqual(refusers(call, 'x86'), []);
    }
  });

  test('are those that the manager has', () => {
    const refusers = refusersOf({
      RestrictAddressFamilies: [true, ['AF_UNIX']],
      RestrictNamespaces: 0n,
      ProtectClock: true,
      SystemCallArchitectures: ['native'],
    });
    assert.deepEqual(refusers('socket', 'x86-64'), ['RestrictAddressFamilies']);
    assert.deepEqual(refusers('setns', 'x86'), ['RestrictNamespaces', 'SystemCallArchitectures']);
    assert.deepEqual(refusers('clock_settime', 'x86-64'), ['ProtectClock']);
    assert.deepEqual(refusers('read', 'x86-64'), []);
  });

  test('are the filter itself for what it lists or leaves out', () => {
    const denies = refusersOf({ SystemCallFilter: [false, ['uname:EPERM', 'acct']] });
    assert.deepEqual(denies('uname', 'x86-64'), ['SystemCallFilter']);
    assert.deepEqual(denies('read', 'x86-64'), []);
    const allows = refusersOf({ SystemCallFilter: [true, ['uname:EPERM', 'read']] });
    assert.deepEqual(allows('uname', 'x86-64'), ['SystemCallFilter']);
    assert.deepEqual(allows('acct', 'x86-64'), ['SystemCallFilter']);
    assert.deepEqual(allows('read', 'x86-64'), []);
  });
});
