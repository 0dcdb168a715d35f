import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSkipped } from '../../src/system/system.js';
import { unitWith } from '../support/apply-in-memory.js';

test('a start was skipped if conditions were looked at, and did not hold', async () => {
  const skipped = async (ConditionTimestamp: bigint, ConditionResult: boolean) =>
    isSkipped(await unitWith({ ConditionTimestamp, ConditionResult }));
  assert.equal(await skipped(5n, false), true);
  assert.equal(await skipped(5n, true), false);
  // A unit that was never started has a result of false, too.
  assert.equal(await skipped(0n, false), false);
});
