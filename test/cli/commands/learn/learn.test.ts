/** Tests of cli/commands/learn/learn.ts and cli/commands/learn/recordings.ts: the recordings of a unit by the command. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learn } from '../../../../src/cli/commands/learn/learn.js';
import { UserError } from '../../../../src/diagnostic.js';
import type { Context } from '../../../../src/machine/context.js';
import { formatRecording } from '../../../../src/observe/recording/format.js';
import type { Recording } from '../../../../src/observe/recording/recording.js';
import { keepRecording } from '../../../../src/observe/recordings/store.js';
import { NO_EXEC, SERVICE, UNIT } from '../../../support/demo-service.js';
import { failure } from '../../../support/failure.js';
import {
  type FakeOptions,
  FakeSystem,
  fakeContext,
  machineWith,
  OF_USER,
} from '../../../support/fake-system.js';
import { assertKeys, printed } from '../../../support/printed-json.js';
import { fullRecording, hostNamed, recording } from '../../../support/recordings.js';
import { watchOutcomes } from '../../../support/watch-in-memory.js';

const LATER = { begin: '2026-11-21T10:00:00.000Z', end: '2026-11-21T10:10:00.000Z' };
const TWO = { ...LATER, host: hostNamed('two') };

/** A machine with the service and some recordings of it. */
async function recorded(recordings: readonly Recording[], options: FakeOptions = {}) {
  const system = machineWith(SERVICE, NO_EXEC, options);
  const context = fakeContext(system);
  for (const one of recordings) await keepRecording(context, one);
  system.calls.length = 0;
  return { system, context };
}

const codes = ({ diagnostics }: { diagnostics: readonly { code: string }[] }) =>
  diagnostics.map(({ code }) => code);

const stored = (system: FakeSystem) =>
  [...system.files.keys()].filter((path) => path.includes('/recordings/'));

test('learn --show: prints what the recordings of a unit prove, and changes nothing', async () => {
  const { system, context } = await recorded([recording(), recording(TWO)]);
  const { exit, text, json, diagnostics } = await learn(context, ['demo'], { show: true });
  assert.deepEqual([exit, diagnostics, system.changes], [0, [], []]);
  assert.match(text, /^demo\.service: 2 recordings of 2 hosts \(x86-64\), 20min watched on 2 days\n/);
  assert.match(text, /^ {2}read +200 +2\/2 +2\/2 +serving +2026-11-20 10:00 +2026-11-21 10:08 +demod$/m);
  assert.match(text, /^ {2}ExecStart=\/usr\/sbin\/demod +seen +2 times$/m);
  assert.match(text, /^ {2}reload +- +the unit has no ExecReload=$/m);
  assert.deepEqual([json.unit, json.hosts, json.recordings], [UNIT, 2, 2]);
});

test('learn --show: losses are warnings, not findings', async () => {
  const { context } = await recorded([fullRecording(), recording(TWO)]);
  const shown = await learn(context, [UNIT], { show: true });
  assert.deepEqual([shown.exit, codes(shown)], [0, ['recording-incomplete', 'recording-incomplete']]);
  assert.match(shown.text, /records were lost or can't be seen/);
});

test('learn --show: a unit without recordings is a finding; an unknown one is shown by its recordings', async () => {
  const none = await learn((await recorded([])).context, [UNIT], { show: true });
  assert.deepEqual([none.exit, codes(none), none.text], [1, ['no-recording'], '']);
  assert.match(none.diagnostics[0]!.hint!, /sandbox-unit learn --merge FILE demo\.service/);
  const { context } = await recorded([recording({ unit: 'gone.service' })]);
  const gone = await learn(context, ['gone'], { show: true });
  assert.deepEqual([gone.exit, codes(gone)], [0, ['unreadable']]);
  assert.match(gone.diagnostics[0]!.message, /^there is no unit gone\.service: its commands/);
  assert.doesNotMatch(gone.text, /ExecStart=/);
});

test("learn --show: a recording that can't be read is an error, and the others are shown", async () => {
  const folder = `/var/lib/sandbox-unit/recordings/${UNIT}`;
  const broken = { [`${folder}/20261120T101500Z-x-00000000.json`]: '{"version":1' };
  const { context } = await recorded([recording()], { files: broken });
  const shown = await learn(context, [UNIT], { show: true });
  assert.deepEqual([shown.exit, codes(shown), shown.json.recordings], [2, ['bad-file'], 1]);
  const { context: alone } = await recorded([], { files: broken });
  const nothing = await learn(alone, [UNIT], { show: true });
  assert.deepEqual([nothing.exit, codes(nothing)], [2, ['bad-file']]);
});

test("learn --show: names recordings of another machine, and shows this machine's", async () => {
  const arm = recording({ ...LATER, host: { ...hostNamed('arm'), architecture: 'arm64' }, calls: [] });
  const { context } = await recorded([recording(), arm]);
  const shown = await learn(context, [UNIT], { show: true });
  assert.deepEqual([codes(shown), shown.json.architecture], [['recordings-differ'], 'x86-64']);
});

const FILES = { '/tmp/a.json': formatRecording(recording()), '/tmp/b.json': formatRecording(recording(TWO)) };

test('learn --merge: adds recordings once, and prints where they are', async () => {
  const { system, context } = await recorded([], { files: FILES });
  const operands = ['/tmp/a.json', '/tmp/b.json', 'demo'];
  const first = await learn(context, operands, { merge: true });
  assert.equal(first.exit, 0);
  assert.equal(
    first.text,
    '/tmp/a.json: added (demo.service on one, until 2026-11-20T10:10:00.000Z)\n' +
      '/tmp/b.json: added (demo.service on two, until 2026-11-21T10:10:00.000Z)\n',
  );
  const paths = stored(system);
  assert.equal(paths.length, 2);
  const again = await learn(context, operands, { merge: true });
  assert.match(again.text, /^\/tmp\/a\.json: there already/);
  assert.deepEqual(stored(system), paths);
  assert.deepEqual(again.json, {
    unit: UNIT,
    merged: operands.slice(0, 2).map((file, i) => ({ file, path: paths[i], isNew: false })),
  });
});

/** Files that are not merged, and what is said of them. */
const WRONG: readonly [file: string, content: Uint8Array | string, exit: number, says: RegExp][] = [
  ['/tmp/c.json', '{}', 1, /^error bad-file: \/tmp\/c\.json: version must be one of 2/],
  [
    '/tmp/c.json',
    formatRecording(recording({ unit: 'x.service' })),
    1,
    /^error bad-file: .* of x\.service, not/,
  ],
  ['/tmp/c.json', formatRecording(recording({ scope: 'user' })), 1, /^error bad-file: .* a user manager/],
];

test('learn --merge: adds none if one is wrong', async () => {
  for (const [file, content, exit, says] of WRONG) {
    const { system, context } = await recorded([], { files: { ...FILES, [file]: content } });
    const result = await learn(context, ['/tmp/a.json', file, UNIT], { merge: true });
    assert.deepEqual([result.exit, stored(system)], [exit, []]);
    const [{ severity, code, message }] = result.diagnostics as [
      { severity: string; code: string; message: string },
    ];
    assert.match(`${severity} ${code}: ${message}`, says);
  }
  const { context } = await recorded([], { files: FILES });
  const absent = await learn(context, ['/tmp/a.json', '/tmp/none.json', UNIT], { merge: true });
  assert.deepEqual([absent.exit, codes(absent)], [2, ['unreadable']]);
});

test("learn --merge: an instance's recording goes to that instance, also by its template's name", async () => {
  const files = { '/tmp/a.json': formatRecording(recording({ unit: 'demo@a.service' })) };
  const { system, context } = await recorded([], { files });
  const { exit } = await learn(context, ['/tmp/a.json', 'demo@.service'], { merge: true });
  assert.equal(exit, 0);
  assert.match(stored(system).join(), /\/recordings\/demo@a\.service\//);
  assert.equal((await learn(context, ['demo@.service'], { show: true })).json.recordings, 1);
});

test('learn --forget: removes the recordings of the unit', async () => {
  const { system, context } = await recorded([
    recording(),
    recording(TWO),
    recording({ unit: 'other.service' }),
  ]);
  const { exit, text, json } = await learn(context, [UNIT], { forget: true });
  assert.deepEqual([exit, text], [0, 'demo.service: removed 2 recordings\n']);
  assert.equal((json.forgotten as string[]).length, 2);
  assert.match(stored(system).join(), /^\S+\/other\.service\/[^,]+$/);
  const again = await learn(context, [UNIT], { forget: true });
  assert.deepEqual([again.exit, again.text], [0, 'demo.service: no recordings\n']);
});

test("learn --user: a user's units have recordings of their own", async () => {
  const files = { '/tmp/a.json': formatRecording(recording({ scope: 'user' })) };
  const system = new FakeSystem({ files });
  const context: Context = fakeContext(system, { placement: OF_USER });
  assert.equal((await learn(context, ['/tmp/a.json', UNIT], { merge: true })).exit, 0);
  assert.match(stored(system).join(), /^\/home\/user\/\.local\/state\/sandbox-unit\/recordings\//);
  assert.equal((await learn(context, [UNIT], { show: true })).json.recordings, 1);
});

test('learn: needs exactly one action, and a unit', async () => {
  const { context } = await recorded([]);
  const said = async (operands: string[], options: Parameters<typeof learn>[2]) =>
    (await failure(learn(context, operands, options))).slice(0, 2);
  assert.deepEqual(await said([], {}), ['usage', 'a unit is missing']);
  assert.deepEqual(await said([UNIT], { show: true, forget: true }), [
    'usage',
    "--show can't be combined with --forget",
  ]);
  assert.deepEqual(await said([UNIT, 'x'], { show: true }), ['usage', 'one unit is expected']);
  assert.deepEqual(await said([UNIT, 'x'], { forget: true }), ['usage', 'one unit is expected']);
  assert.deepEqual(await said([UNIT], { merge: true }), ['usage', 'a file or the unit is missing']);
  assert.equal((await said(['x.socket'], { show: true }))[0], 'not-a-service');
  await assert.rejects(learn(context, [], {}), (cause) => cause instanceof UserError && cause.exit === 2);
});

const IDLE: readonly [options: Parameters<typeof learn>[2], said: string][] = [
  [{ check: true }, '--check has no effect on a watch'],
  [{ after: '1d' }, '--after has no effect on a watch'],
  [{ background: true, show: true }, '--background has no effect with --show'],
  [{ list: true, for: '1s' }, '--for has no effect with --list'],
  [{ forget: true, write: true }, '--write has no effect with --forget'],
  [{ promote: true, addresses: true }, '--addresses has no effect with --promote'],
  [{ show: true, action: 'EPERM' }, '--action has no effect without --write'],
  [{ addresses: true }, '--addresses has no effect without --write'],
  [{ ready: true, reload: true }, '--ready has no effect without --write'],
  [{ write: true, reload: false }, '--no-reload has no effect without --ready'],
  [{ promote: true, reload: false }, '--no-reload has no effect with --promote'],
  [{ write: true, action: 'enosys' }, "unknown action 'enosys': use 'kill', or an errno such as EPERM"],
  [{ write: true, action: 'log' }, "unknown action 'log': use 'kill', or an errno such as EPERM"],
];

for (const [options, said] of IDLE) {
  test(`learn: an option without effect is refused: ${said}`, async () => {
    const { context } = await recorded([recording()]);
    assert.deepEqual((await failure(learn(context, [UNIT], options))).slice(0, 2), ['usage', said]);
  });
}

test('learn --write: an error names a unit that was taken as its file', async () => {
  const { context } = await recorded([]);
  assert.deepEqual((await failure(learn(context, [], { show: true, write: UNIT }))).slice(0, 2), [
    'usage',
    `a unit is missing: --write has taken '${UNIT}' as its file`,
  ]);
});

test('learn: --json prints all keys of its schemas, and recordings are as theirs says', async () => {
  const arm = recording({ host: { ...hostNamed('arm'), architecture: 'arm64' }, calls: [] });
  const nameless = { ...recording().calls[0]!, number: 4000, name: null };
  const full = fullRecording({
    calls: [...recording().calls, nameless],
    arguments: fullRecording().arguments.map((one) => ({ ...one, lost: 2 })),
  });
  const { system, context } = await recorded([full, fullRecording(TWO), arm], { files: FILES });
  assert.deepEqual(assertKeys('learn-show', [printed(await learn(context, [UNIT], { show: true }))]), []);
  const kept = stored(system).map((path) => JSON.parse(system.text(path)!));
  assert.deepEqual(assertKeys('recording', kept), []);
  const others = [
    await learn(context, ['/tmp/a.json', UNIT], { merge: true }),
    await learn(context, [UNIT], { forget: true }),
    ...(await watchOutcomes()),
  ];
  // The tests of that option, and of that command, have these.
  const elsewhere = ['ready', 'policy', 'seconds', 'allowed', 'unused', 'ruled', 'kept', 'stated', 'waiting'];
  assert.deepEqual(assertKeys('learn', others.map(printed)), elsewhere);
});
