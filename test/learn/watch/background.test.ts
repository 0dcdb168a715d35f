import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepRecording } from '../../../src/learn/recordings/store.js';
import { backgroundName, stopWatch, watchInBackground } from '../../../src/learn/watch/background.js';
import { failure } from '../../support/failure.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';
import { FakeUnits } from '../../support/fake-units.js';
import { recording } from '../../support/recordings.js';
import { unitState } from '../../support/unit-state.js';

const UNIT = 'x@1.service';
const NAME = 'sandbox-unit-learn-x\\x401.service';
const state = (background: string | null) =>
  JSON.stringify({ unit: UNIT, begin: 1, end: null, background, phase: null, calls: 0, lost: 0 });
const FILE = `/run/sandbox-unit/watches/${UNIT}`;

const machine = (background: string | null) =>
  new FakeSystem({ files: { [FILE]: state(background) }, locked: 'for-ever', running: [NAME] });

test('a watch in the background runs this program in a unit of its own', async () => {
  const units = new FakeUnits();
  const context = fakeContext(machine(NAME), { units });
  const note = await watchInBackground(context, UNIT, ['learn', UNIT, '--exercise', 'echo $i']);
  assert.match(note.message, /is being watched by sandbox-unit-learn-x\\x401\.service$/);
  assert.match(note.hint!, /learn --stop/);
  const [{ unit, properties }] = units.started as [(typeof units.started)[0]];
  assert.equal(unit, NAME);
  const [[path, argv]] = properties.get('ExecStart') as [[string, string[]]];
  assert.equal(path, '/usr/bin/node');
  assert.deepEqual(argv.slice(2), ['learn', UNIT, '--exercise', 'echo $$i']);
});

test('one that does not begin is an error, and leaves nothing that runs', async () => {
  const units = new FakeUnits();
  const begin = watchInBackground(fakeContext(new FakeSystem(), { units }), UNIT, ['learn', UNIT]);
  await assert.rejects(begin, ({ diagnostics: [first] }) => first.code === 'not-begun');
  assert.deepEqual(units.stopped, [NAME]);
});

test('its start is waited for: a unit whose job is queued is inactive, as one that has ended is', async () => {
  const system = machine(NAME);
  const list = system.list.bind(system);
  let looks = 0;
  system.list = async (path) => (looks++ === 0 ? [] : list(path));
  let isStarted = false;
  const units = new FakeUnits();
  const start = units.start.bind(units);
  units.start = async (unit, properties) => ({
    ...(await start(unit, properties)),
    job: async () => {
      isStarted = true;
      return 'done';
    },
    state: async () => unitState({ ActiveState: isStarted ? 'active' : 'inactive' }),
  });
  const note = await watchInBackground(fakeContext(system, { units }), UNIT, ['learn', UNIT]);
  assert.equal(note.code, 'watched');
});

test('it is stopped by its service', async () => {
  const system = machine(NAME);
  const cut = recording({ unit: UNIT, truncated: true });
  await keepRecording(fakeContext(system), cut);
  assert.equal((await failure(stopWatch(fakeContext(system), UNIT)))[0], 'not-kept');
  await keepRecording(fakeContext(system), { ...cut, end: '2026-11-20T10:11:00.000Z', truncated: false });
  await stopWatch(fakeContext(system), UNIT);
  assert.ok(system.calls.includes(`stop-unit ${NAME}`));
});

test('what is not in the background is not stopped', async () => {
  const code =
    (expected: string) =>
    ({ diagnostics: [first] }: { diagnostics: { code: string }[] }) =>
      first!.code === expected;
  await assert.rejects(stopWatch(fakeContext(machine(null)), UNIT), code('in-foreground'));
  await assert.rejects(stopWatch(fakeContext(machine(NAME)), 'y.service'), code('not-watched'));
});

test('the unit of a background is found in each hierarchy of control groups', async () => {
  const named = (text: string) =>
    backgroundName(fakeContext(new FakeSystem({ files: { '/proc/self/cgroup': text } })));
  assert.equal(await named(`1:name=systemd:/\n0::/system.slice/${NAME}\n`), NAME);
  assert.equal(await named('0::/user.slice/session-1.scope\n'), undefined);
});
