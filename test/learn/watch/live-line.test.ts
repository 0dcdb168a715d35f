import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveLine } from '../../../src/learn/watch/live-line.js';

const tick = (calls: number, lost = 0) => ({ calls, lost, lives: 0 });

test('one service is named, with its phase', () => {
  const line = new LiveLine();
  const unit = { name: 'x.service', phase: 'serving' };
  assert.equal(
    line.text([unit], [tick(40)], 1),
    'x.service (serving): 1s, 40 calls, 0 new since it began, nothing lost',
  );
  assert.match(line.text([unit], [tick(47, 2)], 59), /59s, 47 calls, 7 new since it began, 2 lost/);
  assert.match(line.text([unit], [tick(49)], 110), /1min 50s, 49 calls, 9 new in the last minute/);
  assert.match(line.text([unit], [tick(49)], 130), /49 calls, 2 new in the last minute/);
});

test('several services are counted, one that is down has no phase', () => {
  const line = new LiveLine();
  assert.match(line.text([{ name: 'a', phase: undefined }], [], 2), /^a \(down\): 2s, 0 calls/);
  const units = ['a', 'b'].map((name) => ({ name, phase: 'start' }));
  assert.match(line.text(units, [tick(1), tick(2)], 3), /^2 services: 3s, 3 calls/);
});
