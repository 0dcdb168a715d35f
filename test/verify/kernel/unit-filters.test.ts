/**
 * Tests of verify/kernel/unit-filters.ts, verify/kernel/loaded-filters.ts, verify/kernel/name-calls.ts and
 * verify/kernel/refusers.ts: filters as they are read back, and calls by their names.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ABIS } from '../../../src/seccomp/syscalls/abi.js';
import { ALLOW, errnoAction, KILL, KILL_THREAD } from '../../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { loads } from '../../../src/verify/kernel/loaded-filters.js';
import { nameCalls } from '../../../src/verify/kernel/name-calls.js';
import { createRefusers } from '../../../src/verify/kernel/refusers.js';
import { parseFilters } from '../../../src/verify/kernel/unit-filters.js';
import { guardFor } from '../../seccomp/filter/programs.js';
import { hexOf } from '../../support/confined-in-memory.js';
import { unitState } from '../../support/unit-state.js';

const ALLOWS = '0600 00 00 0000ff7f'.replaceAll(' ', '');
const LOADS = '2000 00 00 04000000'.replaceAll(' ', '');

describe('the output of read-filters', () => {
  test('is read thread by thread', () => {
    const text = `thread 7 2\nfilter ${ALLOWS}\nfilter ${LOADS}${ALLOWS}\nsame 8 7\nfailed 9 3\nthread 10 0\n`;
    const { threads, failed, foreign, settled } = parseFilters(text)!;
    const allow = { code: 6, jt: 0, jf: 0, k: ALLOW };
    const load = { code: 0x20, jt: 0, jf: 0, k: 4 };
    assert.deepEqual(threads, [
      { tid: 7, lines: [`filter ${ALLOWS}`, `filter ${LOADS}${ALLOWS}`], stack: [[allow], [load, allow]] },
      { tid: 8, lines: threads[0]!.lines, stack: [[allow], [load, allow]] },
      { tid: 10, lines: [], stack: [] },
    ]);
    assert.equal(threads[0]!.lines, threads[1]!.lines);
    assert.deepEqual(failed, [{ tid: 9, errno: 3 }]);
    assert.deepEqual([foreign, settled], [0, true]);
  });

  test("names what it hasn't seen", () => {
    assert.deepEqual(parseFilters('foreign 2\nunsettled\n'), {
      ...{ threads: [], failed: [], foreign: 2, settled: false },
    });
  });

  test('is used up to a limit, the oldest filter of each thread first, and equal ones once', () => {
    const long = (number: number) =>
      `filter ${`0400 00 00 0000${number.toString(16).padStart(4, '0')}`.replaceAll(' ', '').repeat(4095)}${ALLOWS}\n`;
    const start = `filter ${LOADS}${ALLOWS}\n`;
    const threads = Array.from({ length: 40 }, (_, i) => `thread ${i + 1} 2\n${long(i)}${start}`);
    const found = parseFilters(`${threads.join('')}thread 601 2\n${long(2)}${start}`)!.threads;
    assert.ok(found.every(({ lines }) => lines.length === 2));
    assert.ok(found.every(({ stack }) => stack.at(-1) === found[0]!.stack.at(-1)));
    const counts = found.map(({ stack }) => stack.length);
    assert.deepEqual([counts[0], counts[39], counts[40]], [2, 1, 2]);
    assert.equal(counts.filter((count) => count === 2).length, 16);
  });

  test('has the oldest 64 of a thread as programs', () => {
    const filters = `${`filter ${ALLOWS}\n`.repeat(99)}filter ${LOADS}${ALLOWS}\n`;
    const { lines, stack } = parseFilters(`thread 7 100\n${filters}`)!.threads[0]!;
    assert.deepEqual([lines.length, stack.length, stack.at(-1)!.length], [100, 64, 2]);
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
    test(`is refused if it has ${what}`, () => assert.equal(parseFilters(text), undefined));
  }
});

describe('a program among filters', () => {
  const GUARD = hexOf(guardFor('x86-64'));
  const filters = (...programs: string[]) => ({ lines: programs.map((one) => `filter ${one}`), stack: [] });

  test('is found at any place, bare or after a trusted guard', () => {
    const [ours, other] = [`${LOADS}${ALLOWS}`, ALLOWS];
    for (const some of [[ours], [ours, other], [other, ours, other], [other, ours]])
      assert.ok(loads(filters(...some), ours, false), some.join());
    assert.ok(loads(filters(other, GUARD + ours, other), ours, true));
    assert.ok(!loads(filters(other, GUARD + ours, other), ours, false));
    assert.ok(!loads(filters(), ours, true));
  });

  test('is not one that only begins or ends in the same way', () => {
    const ours = `${LOADS}${ALLOWS}`;
    for (const one of [`${ALLOWS}${ours}`, `${ours}${ALLOWS}`, GUARD.replace(/^20/, '21') + ours])
      assert.ok(!loads(filters(one), ours, true), one);
  });
});

describe('calls by name', () => {
  const named = (...calls: (readonly [arch: number, nr: number])[]) =>
    nameCalls(
      'x86-64',
      calls.map(([arch, nr]) => ({
        ...{ arch, nr, args: [], expected: errnoAction(1), isByNumber: true },
        got: ALLOW,
      })),
    ).map(({ abi, calls: names }) => [abi, names]);
  const [x86_64, x86] = [ABIS['x86-64'].arch, ABIS.x86.arch];

  test('have the convention of their number', () => {
    assert.deepEqual(named([x86_64, 59], [x86_64, 0x40000000 + 520], [x86, 11]), [
      ['x86-64', ['execve']],
      ['x32', ['execve']],
      ['x86', ['execve']],
    ]);
  });

  test('are marked if a number has no call', () => {
    assert.deepEqual(named([x86_64, 1], [x86_64, 100_000]), [
      ['x86-64', ['write', 'numbers without a call']],
    ]);
  });

  test('are every call if none of a convention is left out', () => {
    const all = [...numbersOf('x86').values(), 100_000].map((nr) => [x86, nr] as const);
    assert.deepEqual(named(...all), [['x86', ['every call']]]);
    assert.notDeepEqual(named(...all.slice(1)), [['x86', ['every call']]]);
  });

  test('have both answers as policies write them', () => {
    const call = { arch: x86_64, nr: 59, args: [], expected: KILL, isByNumber: false, got: KILL_THREAD };
    assert.deepEqual(nameCalls('x86-64', [call]), [
      { abi: 'x86-64', calls: ['execve'], expected: 'kill', got: 'kill-thread', someArguments: true },
    ]);
  });
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

  test('have their defaults', () => {
    const refusers = refusersOf({});
    for (const call of ['socket', 'clone', 'personality', 'execve']) {
      assert.deepEqual(refusers(call, 'x86'), []);
    }
  });

  test('are those that the manager has loaded', () => {
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
