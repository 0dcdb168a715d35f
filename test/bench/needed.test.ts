import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needed } from '../../bench/needed.js';

const ALL = Array.from({ length: 100 }, (_, i) => `call${i}`);

for (const wanted of [[], ['call0'], ['call99'], ['call3', 'call4', 'call50', 'call98'], ALL]) {
  test(`${wanted.length} of a hundred names are needed: ${wanted.slice(0, 4).join(', ')}`, () => {
    const works = (list: readonly string[]) => wanted.every((name) => list.includes(name));
    assert.deepEqual(needed(ALL, works), wanted);
  });
}

test('one of two names is kept if one is enough', () => {
  const works = (list: readonly string[]) => list.includes('call1') || list.includes('call90');
  assert.deepEqual(needed(ALL, works), ['call90']);
});

test("a list that isn't enough has no result", () => {
  assert.throws(() => needed(ALL, () => false), /not even the whole list/);
});
