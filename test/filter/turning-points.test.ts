/** Tests of filter/turning-points.ts and filter/unprovable.ts: where a program of others may change its way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instruction } from '../../src/filter/bpf.js';
import { ascending, rangeIndex, skipsOf, turningPointsOf } from '../../src/filter/turning-points.js';
import { Unprovable } from '../../src/filter/unprovable.js';

const [NR, ARCH, ARG] = [0, 4, 16];
const load = (k: number): Instruction => ({ code: 0x20, jt: 0, jf: 0, k });
const jump = (code: 0x15 | 0x25 | 0x35 | 0x45, k: number, jt = 0, jf = 0): Instruction => ({
  code,
  jt,
  jf,
  k,
});
const RETURN: Instruction = { code: 0x06, jt: 0, jf: 0, k: 0 };

test('a comparison turns at its constant: equal at it and behind it, greater behind it, at least at it', () => {
  const points = (code: 0x15 | 0x25 | 0x35, k: number) =>
    turningPointsOf([load(NR), jump(code, k), RETURN]).nr;
  assert.deepEqual(points(0x15, 59), [0, 59, 60]);
  assert.deepEqual(points(0x25, 59), [0, 60]);
  assert.deepEqual(points(0x35, 59), [0, 59]);
  assert.deepEqual(points(0x15, 0xffffffff), [0, 0xffffffff]);
  assert.deepEqual(points(0x25, 0xffffffff), [0]);
});

test('numbers and conventions are told apart, and arguments are neither', () => {
  const program = [
    load(ARCH),
    jump(0x15, 7, 0, 3),
    load(NR),
    jump(0x35, 9),
    RETURN,
    load(ARG),
    jump(0x15, 5),
    RETURN,
  ];
  assert.deepEqual(turningPointsOf(program), { arch: [0, 7, 8], nr: [0, 9] });
});

test('behind a join the accumulator may hold what either way has loaded', () => {
  const program = [load(ARG), jump(0x15, 1, 1, 0), load(NR), jump(0x35, 9), RETURN];
  assert.deepEqual(turningPointsOf(program).nr, [0, 9]);
});

test('code that is never reached turns nothing', () => {
  assert.deepEqual(turningPointsOf([RETURN, load(NR), jump(0x15, 9), RETURN]).nr, [0]);
});

test('a program that computes with the number is given up, one that computes with arguments is not', () => {
  const add: Instruction = { code: 0x04, jt: 0, jf: 0, k: 1 };
  assert.throws(
    () => turningPointsOf([load(NR), add, RETURN]),
    new Unprovable(1, 'computes with the number or the convention'),
  );
  assert.throws(() => turningPointsOf([load(ARCH), jump(0x45, 1), RETURN]), Unprovable);
  assert.deepEqual(turningPointsOf([load(ARG), add, jump(0x45, 1), RETURN]).nr, [0]);
  const cleared: Instruction = { code: 0x54, jt: 0, jf: 0, k: 0 };
  assert.deepEqual(turningPointsOf([load(NR), cleared, add, RETURN]).nr, [0]);
});

test('numbers are unsigned, each once', () => {
  assert.deepEqual(ascending([3, 0xffffffff, 0, 3, 0x80000000]), [0, 3, 0x80000000, 0xffffffff]);
  const points = [0, 3, 0x80000000];
  assert.deepEqual(
    [0, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff].map((value) => rangeIndex(points, value)),
    [0, 0, 1, 1, 2, 2],
  );
  assert.equal(rangeIndex([0], 5), 0);
});

test('an instruction goes on at the next one, where it jumps to, or nowhere', () => {
  assert.deepEqual(skipsOf(load(NR)), [0]);
  assert.deepEqual(skipsOf(jump(0x15, 1, 4, 2)), [4, 2]);
  assert.deepEqual(skipsOf({ code: 0x05, jt: 0, jf: 0, k: 1000 }), [1000]);
  assert.deepEqual(skipsOf(RETURN), []);
});
