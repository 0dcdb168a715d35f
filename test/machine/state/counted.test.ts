import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted } from '../../../src/machine/state/counted.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';

test('results are in order, and the line says how many are done', async () => {
  const context = fakeContext(new FakeSystem());
  let line: () => string = () => '';
  const during = <T>(said: string | (() => string), step: () => Promise<T>): Promise<T> => {
    if (typeof said !== 'string') line = said;
    return step();
  };
  const caller = { ...context.caller, during };
  const seen: string[] = [];
  const results = await counted({ caller }, 'looking', [3, 1, 2], async (n) => {
    for (let i = 0; i < n; i++) await undefined;
    seen.push(line());
    return n * 10;
  });
  assert.deepEqual(results, [30, 10, 20]);
  assert.equal(seen[0], 'looking: 0 of 3');
  assert.equal(line(), 'looking: 3 of 3');
});
