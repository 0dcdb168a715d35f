import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needed } from '../../bench/needed.js';

const ALL = Array.from({ length: 100 }, (_, i) => `call${i}`);

for (const wanted of [[], ['call0'], ['call99'], ['call3', 'call4', 'call50', 'call98'], ALL]) {
  test(`of a hundred names ${wanted.length} are needed: ${wanted.slice(0, 4).join(', ')}`, () => {
    const works = (list: readonly string[]) => wanted.every((name) => list.includes(name));
    assert.deepEqual(needed(ALL, works), wanted);
  });
}

test('where one of two is enough one is left', () => {
  const works = (list: readonly string[]) => list.includes('call1') || list.includes('call90');
  assert.deepEqual(needed(ALL, works), ['call90']);
});

test('of a list that is not enough nothing is said', () => {
  assert.throws(() => needed(ALL, () => false), /not even the whole list/);
});
