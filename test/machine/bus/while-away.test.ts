import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Code } from '../../../src/codes/subjects.js';
import { error, UserError } from '../../../src/diagnostic.js';
import { whileAway } from '../../../src/machine/bus/bus.js';

/** A call that fails so often, and how often it was made. */
function failing(times: number, code: Code) {
  const made = { count: 0 };
  const call = async () => {
    if (made.count++ < times) throw new UserError(error(code, ''));
    return 'answer';
  };
  return { call, made };
}

test('a call is repeated while the manager is away', async () => {
  const { call, made } = failing(2, 'manager-away');
  assert.deepEqual([await whileAway(call), made.count], ['answer', 3]);
});

test('any other failure is final', async () => {
  const { call, made } = failing(1, 'no-unit');
  await assert.rejects(whileAway(call), UserError);
  await assert.rejects(
    whileAway(() => Promise.reject(new TypeError('defect'))),
    TypeError,
  );
  assert.equal(made.count, 1);
});
