import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupBy } from '../src/collections.js';

test('elements are grouped by their key, groups and elements in the order in which they come', () => {
  const groups = groupBy(['pear', 'fig', 'plum', 'date', 'kiwi'], (word) => word.length);
  assert.deepEqual(
    [...groups],
    [
      [4, ['pear', 'plum', 'date', 'kiwi']],
      [3, ['fig']],
    ],
  );
});

test('nothing comes to no group', () => {
  assert.deepEqual([...groupBy([], String)], []);
});

test('names of built-in properties are keys like any other', () => {
  const groups = groupBy(['constructor', '__proto__', 'constructor'], (word) => word);
  assert.deepEqual(
    [...groups],
    [
      ['constructor', ['constructor', 'constructor']],
      ['__proto__', ['__proto__']],
    ],
  );
});
