import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedText, watchesText } from '../../../../src/cli/report/learn/watches.js';
import type { UnderWatch } from '../../../../src/learn/watch/under-watch.js';
import { recording } from '../../../support/recordings.js';

const WATCH: UnderWatch = {
  unit: 'x.service',
  ...{ begin: 0, end: null, background: null, phase: 'serving', calls: 40, lost: 0 },
};

test('watches have a line each', () => {
  assert.equal(watchesText([], 0), 'No service is being watched.\n');
  assert.equal(
    watchesText([WATCH], 65_000),
    'x.service (serving): watched for 1min 5s, 40 calls, nothing lost, in the foreground\n',
  );
  const other = { ...WATCH, end: 10_000, background: 'y.service', phase: null, lost: 2 };
  assert.equal(
    watchesText([other], 4_000),
    'x.service (down): watched for 4s, 6s left, 40 calls, 2 lost, by y.service\n',
  );
});

test('recordings have a line each', () => {
  const one = recording({
    begin: '2026-11-28T00:00:00.000Z',
    end: '2026-11-28T00:01:05.000Z',
    lives: 0,
    lost: {},
  });
  assert.match(recordedText([one]), /^\S+\.service: \d+ calls in 1min 5s, nothing lost\n$/);
  const refused = [
    { architecture: 'x86-64', number: 435, name: 'clone3', answer: 38, count: 1, programs: [] },
  ];
  const other = { ...one, lives: 2, lost: { paths: 3, peers: 1 }, refused };
  assert.match(recordedText([other]), /, 2 starts, 1 refused by a filter, 4 records lost\n$/);
});
