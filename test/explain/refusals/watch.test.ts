/**
 * Tests of explain/refusals/watch.ts, explain/refusals/found.ts, explain/refusals/differences.ts, explain/refusals/journal.ts
 * and explain/refusals/kept.ts: a watch in memory, its reports and the file that it keeps.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsOf, newRefusals } from '../../../src/explain/refusals/differences.js';
import { ALARM_ID, eventText, journalFields, Repetitions } from '../../../src/explain/refusals/journal.js';
import { type KeptRefusals, keptRefusals } from '../../../src/explain/refusals/kept.js';
import { type Event, watchRefusals } from '../../../src/explain/refusals/watch.js';
import type { RefusedPath } from '../../../src/observe/refusals.js';
import { setPolicy } from '../../support/apply-in-memory.js';
import { UNIT } from '../../support/demo-service.js';
import { dump } from '../../support/dumps.js';
import { FakeObserver } from '../../support/fake-observer.js';
import { fakeContext } from '../../support/fake-system.js';
import { watchedMachine } from '../../support/watch-in-memory.js';

const POLICY = '[syscalls]\ndeny = ["uname"]\naction = "EPERM"\n[service]\nProtectSystem = "strict"\n';
const UNAME = 63;

/** Watches a service until the observer has been looked at a few times. */
async function watched(refusals: Parameters<typeof dump>[0]) {
  const seen = JSON.stringify(
    dump({ refused: [], paths: [], peers: [], capabilities: [], lost: {}, ...refusals }),
  );
  const tick = JSON.stringify({ tick: { units: [{ calls: 1, lost: 0, lives: 1, refused: 1 }] } });
  const observer = new FakeObserver({ lines: [tick], dumps: [[seen], [seen]] });
  const system = watchedMachine(observer, {
    distort: (properties) => properties.set('ProtectSystem', 'strict'),
  });
  setPolicy(system, POLICY);
  const context = fakeContext(system);
  const events: Event[] = [];
  let looks = 0;
  const signals = {
    came: () => (looks++ > 6 ? 'SIGTERM' : undefined),
    unlessCame: <T>(step: () => Promise<T>) => step(),
    unlessAgain: <T>(step: () => Promise<T>) => step(),
    assertNone: () => undefined,
    release: () => undefined,
  };
  await watchRefusals(context, [UNIT], {
    signals,
    ready: async () => undefined,
    report: async (some) => void events.push(...some),
  });
  return { events, kept: (await keptRefusals(context, UNIT)) as KeptRefusals, heard: observer.heard };
}

const written = { use: 'write', phases: 1, path: '/opt/a', count: 2, errno: 30, programs: 0b10 } as const;

test('watch reports a path that a directive refused, with its line and the change, and keeps it', async () => {
  const { events, kept, heard } = await watched({ paths: [written] });
  assert.deepEqual(
    events.map(({ unit, says, cause, at, change }) => [unit, says, cause, at?.line, change]),
    [
      [
        UNIT,
        'may not write /opt/a (EROFS)',
        'ProtectSystem=strict',
        5,
        'add "/opt/a" to ReadWritePaths in [service]',
      ],
    ],
  );
  assert.deepEqual(
    kept.refusals.map(({ says, count, at }) => [says, count, at]),
    [['may not write /opt/a (EROFS)', 2, `/etc/sandbox-unit/${UNIT}.toml:5`]],
  );
  assert.ok(heard.includes('start'));
});

test('watch reports a call that the filter refused, with its entry', async () => {
  const { events } = await watched({
    refused: [{ abi: 'native', nr: UNAME, errno: 1, count: 1, programs: 0b10 }],
  });
  assert.deepEqual(
    events.map(({ says, cause, at }) => [says, cause, at?.line]),
    [['may not call uname (EPERM)', 'deny uname', 2]],
  );
});

test("watch reports nothing that no line of the unit decides, as a file's mode", async () => {
  const { events } = await watched({ paths: [{ ...written, errno: 13 }] });
  assert.deepEqual(events, []);
});

const refusal: RefusedPath = {
  ...{ kind: 'path', path: '/a\nb', wish: 'write', errno: 30, isRoot: false, count: 1 },
  programs: ['/usr/sbin/demod'],
};
const event: Event = {
  ...{ unit: UNIT, refusal, says: 'may not write /a\nb (EROFS)', cause: 'ProtectSystem=strict' },
  ...{ at: { file: '/p.toml', line: 5, column: 1 }, certain: false, change: undefined, isAlarm: true },
  allowing: undefined,
};

test('a repeated refusal is reported with its count after a minute, then after two', () => {
  const repetitions = new Repetitions();
  const counts = (events: readonly Event[], now: number) =>
    repetitions.due(events, now).map((one) => one.refusal.count);
  assert.deepEqual(counts([event], 0), [1]);
  assert.deepEqual(counts([event, event], 1000), []);
  assert.deepEqual(counts([], 59_999), []);
  assert.deepEqual(counts([], 60_000), [2]);
  assert.deepEqual(counts([event], 170_000), []);
  assert.deepEqual(counts([], 180_000), [1]);
  assert.deepEqual(counts([], 9_000_000), []);
});

test('an entry of the journal has one line a field, whatever a path contains', () => {
  const fields = journalFields(event);
  assert.ok(fields.every((field) => !field.includes('\n')));
  for (const expected of [
    `MESSAGE_ID=${ALARM_ID}`,
    'PRIORITY=4',
    `UNIT=${UNIT}`,
    'SANDBOX_UNIT_CAUSE=perhaps ProtectSystem=strict',
    'SANDBOX_UNIT_POLICY_LINE=/p.toml:5',
    'SANDBOX_UNIT_PROGRAM=/usr/sbin/demod',
  ])
    assert.ok(fields.includes(expected), `${expected} in ${fields.join(' ')}`);
  assert.match(
    eventText(event),
    /^demo\.service: demod may not write .*: perhaps ProtectSystem=strict \(\/p\.toml:5\)$/,
  );
});

test('only what is new since the last look counts', () => {
  const [before, other] = [refusal, { ...refusal, path: '/c' }];
  const found = newRefusals([{ ...before, count: 5 }, other], countsOf([{ ...before, count: 3 }]));
  assert.deepEqual(
    found.map((one) => one.kind === 'path' && [one.path, one.count]),
    [
      ['/a\nb', 2],
      ['/c', 1],
    ],
  );
  assert.deepEqual(newRefusals([before], countsOf([before])), []);
});

test('a damaged file of kept refusals is an error with a way out', async () => {
  const system = watchedMachine(new FakeObserver());
  const bytes = new TextEncoder().encode('{"since":1,"until":2,"lost":0,"refusals":[{}]}');
  system.files.set(`/run/sandbox-unit/refusals/${UNIT}`, { bytes, mode: 0o600 });
  const found = (await keptRefusals(fakeContext(system), UNIT))!;
  assert.ok('code' in found);
  assert.deepEqual([found.code, found.hint], ['bad-file', 'restart the watch to replace it']);
});
