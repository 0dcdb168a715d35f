import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atMostTimes, equal, median, middleMean, type Row } from '../../bench/row.js';
import { tableOf } from '../../bench/table.js';

test('the median is the middle of the values, by size', () => {
  assert.equal(median([10, 9, 100]), 10);
  assert.equal(median([4, 1, 3, 2]), 3);
  assert.equal(median([7]), 7);
});

test('the middle mean leaves out the fastest and the slowest quarter', () => {
  assert.equal(middleMean([1000, 4, 5, 6, 7, 0, 9, -50]), 5.5);
  assert.equal(middleMean([3, 5]), 4);
});

test('a limit is met up to its value', () => {
  const met = (ours: number) => atMostTimes(1.5, { baseline: 10, ours }).met;
  assert.deepEqual([met(9), met(15), met(15.1)], [true, true, false]);
  const same = (ours: number) => equal({ baseline: 100, ours }).met;
  assert.deepEqual([94, 95.1, 104.9, 106].map(same), [false, true, true, false]);
});

test("results are rows, with a note below for differences that two numbers don't show", () => {
  const rows: Row[] = [
    {
      name: 'call',
      against: 'no filter',
      unit: 'ns',
      baseline: 94.12,
      ours: 132.4,
      aim: { text: 'at most 40 ns more', met: true },
      note: '2 filters',
    },
    {
      name: 'start',
      against: 'another',
      unit: 'ms',
      baseline: 8,
      ours: 1234.5,
      aim: { text: 'less', met: false },
    },
    { name: 'plan', against: 'nothing', unit: 's', baseline: 2, ours: 1 },
    { name: 'list', against: 'another', unit: 'calls', baseline: 19, ours: 6 },
  ];
  assert.equal(
    tableOf(rows),
    `
                      baseline     ours   ratio       more  aim                 met
call, over no filter   94.1 ns   132 ns    1.41    38.3 ns  at most 40 ns more  yes
    2 filters
start, over another    8.00 ms  1235 ms  154.31    1227 ms  less                NO
plan, over nothing      2.00 s   1.00 s    0.50    -1.00 s
list, over another    19 calls  6 calls    0.32  -13 calls
`.slice(1, -1),
  );
});
