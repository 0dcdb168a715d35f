import assert from 'node:assert/strict';
import { test } from 'node:test';
import { error, note, UserError } from '../../../src/diagnostic.js';
import { failureOf, failuresOf, orElse } from '../../../src/machine/state/failures.js';

const NOTE = note('hosts', 'a note');
const ERROR = error('unreadable', 'an error');

test('a step reports its own findings; an exception is reported in their place', async () => {
  assert.deepEqual(await failuresOf(async () => [NOTE]), [NOTE]);
  assert.deepEqual(await failureOf(async () => undefined), []);
  assert.deepEqual(await failuresOf(() => Promise.reject(new UserError(ERROR))), [ERROR]);
  const thrown = await failureOf(() => {
    throw new UserError(ERROR);
  });
  assert.deepEqual(thrown, [ERROR]);
});

test("a defect of the program is an error, too, and doesn't stop a roll-back", async () => {
  for (const cause of [new TypeError('x is undefined'), 'a text', undefined]) {
    const [found, ...more] = await failureOf(() => Promise.reject(cause));
    assert.deepEqual([found!.severity, found!.code, more], ['error', 'internal', []]);
  }
});

test('an expected failure may be a result; a defect never is', async () => {
  assert.equal(await orElse(async () => 1, 2), 1);
  assert.equal(await orElse(() => Promise.reject(new UserError(ERROR)), 2), 2);
  await assert.rejects(
    orElse(() => Promise.reject(new TypeError('x is undefined')), 2),
    TypeError,
  );
});
