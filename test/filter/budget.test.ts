import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMeter, OverBudget, type Purse, type Spend, type Work } from '../../src/filter/budget.js';

function* spending(spend: Spend, ...units: number[]): Work<string> {
  for (const some of units) {
    spend(some);
    yield;
  }
  return 'done';
}

function finish<T>(work: Work<T>): T {
  for (;;) {
    const piece = work.next();
    if (piece.done) return piece.value;
  }
}

test('work is paid from all purses that are open, in pieces', () => {
  const { spend, within, spent } = createMeter();
  const [outer, inner]: Purse[] = [{ left: 10 }, { left: 5 }];
  const work = within(outer!, within(inner!, spending(spend, 2, 3)));
  assert.equal(work.next().done, false);
  assert.deepEqual([outer!.left, inner!.left, spent()], [8, 3, 2]);
  assert.equal(finish(work), 'done');
  assert.deepEqual([outer!.left, inner!.left, spent()], [5, 0, 5]);
});

test('the purse that is empty ends the work, and is closed then', () => {
  const { spend, within, spent } = createMeter();
  const [outer, inner]: Purse[] = [{ left: 10 }, { left: 5 }];
  function* both(): Work<string> {
    try {
      yield* within(inner!, spending(spend, 4, 4));
    } catch (cause) {
      assert.ok(cause instanceof OverBudget);
    }
    return yield* spending(spend, 1);
  }
  assert.equal(finish(within(outer!, both())), 'done');
  assert.deepEqual([outer!.left, inner!.left, spent()], [1, -3, 9]);
  spend(100);
  assert.deepEqual([outer!.left, spent()], [1, 109]);
});

test('an outer purse ends the work of an inner one', () => {
  const { spend, within } = createMeter();
  assert.throws(() => finish(within({ left: 1 }, within({ left: 100 }, spending(spend, 2)))), OverBudget);
});
