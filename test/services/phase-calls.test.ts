import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phaseTable } from './phase-calls.js';

test('the table has a row without counts, a broken one, and the sum of the others', () => {
  const numbers = { start: 9, serving: 7, unreloaded: 5 };
  const counts = { all: numbers, critical: { start: 3, serving: 2, unreloaded: 1 } };
  const table = phaseTable([
    { name: 'a', counts, problems: [] },
    { name: 'b', problems: [] },
    { name: 'c', counts, problems: ['it fails\nat last'] },
  ]);
  assert.deepEqual(table.split('\n').slice(2), [
    '| a | 9 | 7 | 5 | 3 | 2 | 1 | works |',
    '| b |  |  |  |  |  |  | nothing is taken |',
    '| c | 9 | 7 | 5 | 3 | 2 | 1 | **BROKEN**: it fails |',
    '| sum | 18 | 14 | 10 | 6 | 4 | 2 |  |',
    '',
  ]);
});
