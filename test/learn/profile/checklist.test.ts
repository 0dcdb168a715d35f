import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitedOf, awaitedText, checklist } from '../../../src/learn/profile/checklist.js';
import { makeProfile } from '../../../src/learn/profile/make-profile.js';
import type { RecordedEvent, Recording } from '../../../src/observe/recording/recording.js';
import { DAY, HOUR, recording } from '../../support/recordings.js';

const listed = (recordings: readonly Recording[], commands?: readonly string[]) =>
  Object.fromEntries(
    checklist(makeProfile('demo.service', recordings, 'x86-64'), commands && { commands, serves: true }).map(
      ({ what, line, seen, count }) => [line ?? what, `${seen} ${count}`],
    ),
  );

const events = (...all: RecordedEvent['what'][]) =>
  recording({ events: all.map((what) => ({ what, at: 1 })) });

test('an event counts as seen if any of the recordings has it', () => {
  assert.deepEqual(listed([events('start', 'serving'), events('start', 'stop', 'log-rotation')]), {
    start: 'yes 2',
    serving: 'yes 1',
    reload: 'no 0',
    stop: 'yes 1',
    'log-rotation': 'yes 1',
    day: 'no 600',
    week: 'no 600',
  });
});

test('a unit without ExecReload= has no reload to be seen, unless one was', () => {
  const start = ['ExecStart=/usr/sbin/demod'];
  assert.equal(listed([events('start')], start).reload, 'none 0');
  assert.equal(listed([events('start')], [...start, 'ExecReload=kill -HUP $MAINPID']).reload, 'no 0');
  assert.equal(listed([events('reload')], start).reload, 'yes 1');
  assert.equal(listed([events('start')]).reload, 'no 0');
});

test('a service that is at work while it starts has no other work to be seen, unless it did some', () => {
  const serving = (...all: RecordedEvent['what'][]) =>
    checklist(makeProfile('demo.service', [events(...all)], 'x86-64'), { commands: [], serves: false })
      .filter(({ what }) => what === 'serving')
      .map(({ seen }) => seen);
  assert.deepEqual([serving('start', 'stop'), serving('start', 'serving')], [['none'], ['yes']]);
});

test('lines of a policy wait for a day, a restart, and a log rotation or a week', () => {
  const seen = (recordings: readonly Recording[]) =>
    awaitedOf(checklist(makeProfile('demo.service', recordings, 'x86-64'), undefined));
  const short = seen([events('start', 'stop', 'log-rotation')]);
  assert.deepEqual(
    short.map((one) => one.seen),
    [false, true, true],
  );
  assert.equal(awaitedText(short), 'a day of work, a log rotation and a restart (2 of 3 seen)');
  const week = recording({ begin: '2026-11-01T00:00:00.000Z', end: '2026-11-08T00:00:01.000Z' });
  assert.deepEqual(
    seen([week]).map((one) => one.seen),
    [true, true, false],
  );
});

test('a day and a week count as seen once all their hours were', () => {
  const from = (begin: number, seconds: number) => {
    const time = Date.UTC(2026, 10, 16) + begin * 1000;
    return recording({
      begin: new Date(time).toISOString(),
      end: new Date(time + seconds * 1000).toISOString(),
    });
  };
  const nights = listed([from(22 * HOUR, 4 * HOUR), from(DAY + 22 * HOUR, 4 * HOUR)]);
  assert.deepEqual([nights.day, nights.week], [`no ${4 * HOUR}`, `no ${8 * HOUR}`]);
  const days = listed([from(0, DAY)]);
  assert.deepEqual([days.day, days.week], [`yes ${DAY}`, `no ${DAY}`]);
  assert.equal(listed([from(3 * HOUR, 7 * DAY)]).week, `yes ${7 * DAY}`);
});

const LINES = [
  'ExecStartPre=/usr/sbin/demod  -t',
  'ExecStart=/usr/sbin/demod',
  'ExecReload=/bin/kill -HUP $MAINPID',
  'ExecStop=/bin/kill $MAINPID',
];

test('a command counts as seen by its own event, however its words are spaced', () => {
  const command = { what: 'command', at: 0, line: 'ExecStartPre=/usr/sbin/demod -t' } as const;
  const { start, reload, stop, ...seen } = listed(
    [recording({ events: [command, { what: 'start', at: 0 }] })],
    LINES,
  );
  const found = LINES.map((line) => seen[line]);
  assert.deepEqual(found, ['yes 1', 'no 0', 'no 0', 'no 0']);
});

test('a command without an event counts as not seen, though the service started and stopped', () => {
  const seen = listed([events('start', 'stop')], LINES);
  const found = LINES.map((line) => seen[line]);
  assert.deepEqual(found, ['no 0', 'no 0', 'no 0', 'no 0']);
});
