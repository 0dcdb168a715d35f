import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  apart,
  secondsOfPeriod,
  secondsSince,
  secondsWatched,
  union,
} from '../../../src/learn/profile/times.js';
import { DAY, HOUR, hostNamed } from '../../support/recordings.js';

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 20) + seconds * 1000).toISOString();
const watch = (from: number, to: number, host = 'one') => ({
  host: hostNamed(host),
  begin: at(from),
  end: at(to),
});

test('spans that overlap or touch become one', () => {
  const spans = [
    { from: 5, to: 7 },
    { from: 0, to: 2 },
    { from: 1, to: 1.5 },
    { from: 2, to: 3 },
  ];
  assert.deepEqual(union(spans), [
    { from: 0, to: 3 },
    { from: 5, to: 7 },
  ]);
});

test('simultaneous watches of one host count once, of two hosts twice', () => {
  assert.equal(secondsWatched([watch(0, 60), watch(30, 90)]), 90);
  assert.equal(secondsWatched([watch(0, 60), watch(30, 90, 'two')]), 120);
  assert.equal(secondsSince([watch(0, 60), watch(30, 90, 'two')], Date.parse(at(50)) / 1000), 50);
});

test('a day is complete when each of its hours was watched on some day', () => {
  assert.equal(secondsOfPeriod([watch(0, HOUR), watch(DAY, DAY + HOUR)], DAY), HOUR);
  assert.equal(secondsOfPeriod([watch(20 * HOUR, DAY + 4 * HOUR)], DAY), 8 * HOUR);
  assert.equal(secondsOfPeriod([watch(10 * HOUR, DAY + 10 * HOUR)], DAY), DAY);
  assert.equal(secondsOfPeriod([watch(0, 12 * HOUR), watch(DAY + 12 * HOUR, 2 * DAY, 'two')], DAY), DAY);
  assert.equal(secondsOfPeriod([watch(0, DAY)], 7 * DAY), DAY);
});

test('of overlapping watches the longest are used', () => {
  const [short, long, other, next] = [watch(0, 60), watch(30, 300), watch(30, 60, 'two'), watch(300, 310)];
  assert.deepEqual(apart([short, long, other, next]), [long, other, next]);
});
