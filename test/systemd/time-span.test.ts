import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_SPAN, parseTimeSpan } from '../../src/systemd/time-span.js';

const GOOD: readonly [text: string, milliseconds: number][] = [
  ['3s', 3000],
  ['3', 3000],
  ['3 s', 3000],
  [' 3s ', 3000],
  ['3sec', 3000],
  ['500ms', 500],
  ['0', 0],
  ['0.5s', 500],
  ['1.25 s', 1250],
  ['0.0004s', 0],
  ['1min 30s', 90_000],
  ['1min30s', 90_000],
  ['1m 1 500ms', 61_500],
  ['2s 2s', 4000],
  ['60min', MAX_SPAN],
  ['1h', MAX_SPAN],
  ['1us', 0],
  ['1hour', MAX_SPAN],
];

const BAD = [
  '',
  ' ',
  'soon',
  's',
  '-1s',
  '+1s',
  '1..5s',
  '.5s',
  '1.s',
  '1e3',
  '0x10',
  '1 week',
  '3S',
  '1s;2s',
  '1s\n[Service]',
  'infinity',
  '1h 1ms',
  '3600001ms',
  '99999999999999999999s',
  '1'.repeat(65),
  '１s',
];

for (const [text, milliseconds] of GOOD) {
  test(`'${text}' is a time span of ${milliseconds} ms`, () => {
    assert.equal(parseTimeSpan(text), milliseconds);
  });
}

for (const text of BAD) {
  test(`${JSON.stringify(text.slice(0, 30))} is no time span, or one that is too long`, () => {
    assert.equal(parseTimeSpan(text), undefined);
  });
}
