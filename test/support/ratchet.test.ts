import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fitted, type Ratchet, wrongLimits } from './ratchet.js';

const RATCHET: Ratchet = {
  lines: { 'src/plan': 1000, test: 9000 },
  imports: { 'src/': 300 },
  functions: { status: 700 },
  raised: [],
};

describe('a limit of the ratchet', () => {
  test('is met by a number that is as high, or a little lower', () => {
    for (const test of [9000, 8800])
      assert.deepEqual(wrongLimits(RATCHET, 'lines', { 'src/plan': 980, test }), []);
  });

  test('is wrong for a number above it, far below it, a new one, and a missing one', () => {
    assert.deepEqual(wrongLimits(RATCHET, 'lines', { 'src/plan': 1001, 'src/new': 7 }), [
      "lines of src/plan: 1001 are more than 1000: RAISE='the reason' raises the limit",
      'lines of test: nothing has this limit',
      "lines of src/new: 7 are more than 0: RAISE='the reason' raises the limit",
    ]);
    assert.deepEqual(wrongLimits(RATCHET, 'imports', { 'src/': 279 }), [
      'imports of src/: 279 are far fewer than 300: the limit can be lower',
    ]);
  });

  test('of functions leaves room for those that a run enters by chance', () => {
    assert.deepEqual(wrongLimits(RATCHET, 'functions', { status: 705 }), []);
    assert.equal(wrongLimits(RATCHET, 'functions', { status: 706 }).length, 1);
    assert.deepEqual(fitted(RATCHET, 'functions', { status: 705 }), RATCHET);
  });

  test('follows a lower number, and is raised only with a reason', () => {
    const weights = { 'src/plan': 900, 'src/new': 7, test: 9010 };
    assert.deepEqual(fitted(RATCHET, 'lines', weights), {
      ...RATCHET,
      lines: { 'src/plan': 900, 'src/new': 0, test: 9000 },
    });
    assert.deepEqual(fitted(RATCHET, 'lines', weights, 'a new room'), {
      ...RATCHET,
      lines: weights,
      raised: [{ why: 'a new room', limits: ['src/new: 0 → 7', 'test: 9000 → 9010'] }],
    });
  });
});
