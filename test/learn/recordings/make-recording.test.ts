import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRecording } from '../../../src/evidence/recording/format.js';
import { MAX_RECORDING_SIZE, parseRecording } from '../../../src/evidence/recording/parse.js';
import type { Recording } from '../../../src/evidence/recording/recording.js';
import { makeRecording, type Watch } from '../../../src/learn/recordings/make-recording.js';
import { namedDump } from '../../../src/observer/named.js';
import { dump } from '../../support/dumps.js';
import { hostNamed } from '../../support/recordings.js';

const WATCH: Watch = {
  ...{ unit: 'demo.service', scope: 'system', host: hostNamed('one'), truncated: false, slice: 10 },
  begin: Date.UTC(2026, 10, 20, 10),
  seconds: 600.5,
  events: [
    { what: 'serving', at: 2 },
    { what: 'command', at: 0, line: 'ExecStartPre=/bin/sh -c "a\u001b\n"' },
  ],
};

const seen = namedDump(dump(), {
  machine: 'x86-64',
  watched: [{ abi: 'native', name: 'socket', arguments: [0, 1] }],
  hashes: new Map(),
});

test('a recording begins and ends with its watch, and has its events in order', () => {
  const { begin, end, events, calls } = makeRecording(WATCH, seen);
  assert.deepEqual([begin, end], ['2026-11-20T10:00:00.000Z', '2026-11-20T10:10:00.500Z']);
  assert.deepEqual(events, [
    { what: 'command', at: 0, line: 'ExecStartPre=/bin/sh -c "a\\x1b\\x0a"' },
    { what: 'serving', at: 2 },
  ]);
  assert.equal(calls, seen.calls);
});

test('it can be read back, whatever its events say', () => {
  const events = [{ what: 'command', at: -1, line: `\u202e${'x'.repeat(20_000)}` }] as const;
  for (const watch of [WATCH, { ...WATCH, events }]) {
    const back = parseRecording(formatRecording(makeRecording(watch, seen)), 'x.json');
    assert.ok('version' in back, JSON.stringify(back));
  }
});

test('paths that are more than a file is to have are lost, but for those of code', () => {
  const name = '\x01'.repeat(760);
  const long = Array.from({ length: 8192 }, (_, i) => ({
    ...{ path: `/srv/${i}${name}`, use: 'failed', phases: ['serving'], count: 1, errno: 2 },
  })) as Recording['paths'];
  const code = { path: '/usr/bin/true', use: 'execute', phases: ['start'], count: 1 } as const;
  const made = makeRecording(WATCH, { ...seen, lost: { paths: 7 }, paths: [...long, code] });
  assert.deepEqual([made.paths, made.lost], [[code], { paths: 8199 }]);
  assert.ok(formatRecording({ ...made, paths: long }).length < MAX_RECORDING_SIZE);
});
