import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promote } from '../../src/learn/promote.js';
import type { Recording } from '../../src/observe/recording/recording.js';
import { UNIT } from '../support/demo-service.js';
import { call } from '../support/recordings.js';
import { applied, POLICY, used } from '../support/trial-in-memory.js';

/** A week with a start, a stop and these uses of paths. */
const week = (more: Partial<Recording> = {}): Recording =>
  used({
    calls: [call('poll'), call('read', { phases: { start: 1, serving: 1, stop: 1 } })],
    events: [
      { what: 'start', at: 0 },
      { what: 'stop', at: 600 },
    ],
    ...more,
  });

const write = (path: string, errno?: number): Recording['paths'][number] => ({
  ...{ path, use: 'write', phases: ['serving'], count: 1 },
  ...(errno === undefined ? {} : { errno }),
});

const waiting = (...lines: readonly string[]): string =>
  `${POLICY}
[service]
# Programs.
ProtectSystem = "full"
LockPersonality = true

# Not stated yet: 'learn --promote' adds these lines after a day (0 of 1 seen).
${lines.map((line) => `# ${line}\n`).join('')}
# SHA-256 of the lines above: 00
`;

const ALL = [
  'ProtectSystem = "strict"',
  'ReadOnlyPaths = ["/run"]',
  'ProtectHome = true',
  'PrivateTmp = true',
];

const promoted = async (recordings: readonly Recording[], policy: string, now = false) => {
  const { context, text } = await applied(recordings, policy);
  const result = await promote(context, UNIT, { after: 1, now, write: true });
  return { ...result, text: text() };
};

test('lines that wait are stated by all that was seen, each with its proof', async () => {
  const { lines, text } = await promoted([week({ paths: [write('/srv/data/a/b')] })], waiting(...ALL));
  assert.deepEqual(
    [...lines!.stated.keys()],
    [...['ProtectSystem', 'ReadWritePaths', 'ReadOnlyPaths', 'ProtectHome', 'PrivateTmp']],
  );
  assert.match(text, /^# Files were changed only in .*\nProtectSystem = "strict"\nLockPersonality = true\n/m);
  assert.match(
    text,
    /^LockPersonality = true\n# Directories in which .*\nReadWritePaths = \["\/srv\/data\/a"\]\n/m,
  );
  assert.match(text, /^PrivateTmp = true\n*$/m);
  assert.doesNotMatch(text, /Programs\.|Not stated|SHA-256/);
});

test('a write that was refused as to a read-only place is a wish: the place stays writable', async () => {
  const { text } = await promoted([week({ paths: [write('/srv/data/a/b', 30)] })], waiting(...ALL));
  assert.match(text, /^ReadWritePaths = \["\/srv\/data\/a"\]$/m);
});

test('lines wait on while something was not seen, and --now states them', async () => {
  const day = week({ end: '2030-01-02T00:00:01.000Z' });
  const { lines, text, policy } = await promoted([day], waiting(...ALL));
  assert.deepEqual(lines!.waiting, ['ProtectSystem', 'ReadOnlyPaths', 'ProtectHome', 'PrivateTmp']);
  assert.deepEqual(
    lines!.awaited.map(({ seen }) => seen),
    [true, false, true],
  );
  // Calls are promoted all the same.
  assert.match(text, /ProtectSystem = "full"(.|\n)*^# ProtectSystem = "strict"$/m);
  assert.ok(policy!.after.includes('"chmod"'));
  const now = await promoted([day], waiting(...ALL), true);
  assert.match(now.text, /^ProtectSystem = "strict"$/m);
});

test('a line that was taken out of the comment is not stated, and nothing rests on it', async () => {
  const uses = { paths: [write('/srv/data/a/b'), { ...write('/tmp'), use: 'create-in' as const }] };
  const { lines, text } = await promoted([week(uses)], waiting(...ALL.slice(0, 3)));
  assert.ok(!lines!.stated.has('PrivateTmp'));
  assert.match(text, /^ReadWritePaths = \["\/srv\/data\/a", "\/tmp"\]$/m);
});

test('a line that recordings contradict by now is left out with the reason', async () => {
  const { lines, text } = await promoted([week({ paths: [write('/home/a/b')] })], waiting(...ALL));
  assert.deepEqual(lines!.left, [{ name: 'ProtectHome', reason: '/home/a/b was changed' }]);
  assert.doesNotMatch(text, /ProtectHome/);
});

test('exceptions that the policy has itself stay', async () => {
  const own = waiting(...ALL).replace('LockPersonality', 'ReadWritePaths = ["/opt/x"]\nLockPersonality');
  const { text } = await promoted([week({ paths: [write('/srv/data/a/b')] })], own);
  assert.match(text, /^ReadWritePaths = \["\/srv\/data\/a", "\/opt\/x"\]$/m);
});

test('files in /run are made before the start, but not where the policy has commands of its own', async () => {
  const pid = week({
    paths: [
      { ...write('/run/demo.pid'), phases: ['start'] },
      { ...write('/run', 13), use: 'create-in' },
    ],
  });
  const { lines, text } = await promoted([pid], waiting(...ALL));
  assert.equal(lines!.beforehand, 1);
  assert.match(text, /^start-pre = \["\/usr\/bin\/truncate --size=0 \/proc\/1\/root\/run\/demo\.pid"\]$/m);
  const own = `${waiting(...ALL)}\n[exec]\nstart-pre = ["/usr/bin/true"]\n`;
  const kept = await promoted([pid], own);
  assert.ok(!kept.lines!.stated.has('ProtectSystem'));
  assert.match(kept.lines!.left[0]!.reason, /\[exec\] is there already/);
  assert.match(kept.text, /^ProtectSystem = "full"$/m);
});

test('a policy without such lines has none', async () => {
  assert.equal((await promoted([week()], POLICY)).lines, undefined);
});
