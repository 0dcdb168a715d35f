import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stopWatch, watchInBackground } from '../../../src/learn/watch/background.js';
import { failureOf } from '../../../src/machine/state/failures.js';
import { keepRecording } from '../../../src/observe/recordings/store.js';
import { failure } from '../../support/failure.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';
import { FakeUnits } from '../../support/fake-units.js';
import { recording } from '../../support/recordings.js';

const UNIT = 'x@1.service';
const NAME = 'sandbox-unit-learn-x\\x401.service';
const STATE = JSON.stringify({ begin: 1, end: null, phase: null, calls: 0, lost: 0 });
const files = { [`/run/sandbox-unit/watches/${UNIT}`]: STATE };

test('a background watch runs this program in its own unit, and has begun when that is ready', async () => {
  const units = new FakeUnits();
  const context = fakeContext(new FakeSystem(), { units });
  const note = await watchInBackground(context, UNIT, ['learn', UNIT, '--exercise', 'echo $i']);
  assert.match(note.message, /is being watched by sandbox-unit-learn-x\\x401\.service$/);
  assert.match(note.hint!, /learn --stop/);
  const [{ unit, properties }] = units.started as [(typeof units.started)[0]];
  assert.deepEqual([unit, properties.get('Type')], [NAME, 'notify']);
  const [[path, argv]] = properties.get('ExecStart') as [[string, string[]]];
  assert.equal(path, '/usr/bin/node');
  assert.deepEqual(argv.slice(2), ['learn', UNIT, '--exercise', 'echo $$i']);
});

test("a background watch that doesn't begin is an error", async () => {
  const units = new FakeUnits({ job: 'failed' });
  const begin = watchInBackground(fakeContext(new FakeSystem(), { units }), UNIT, ['learn', UNIT]);
  assert.deepEqual(await failure(begin), [
    'not-watched',
    `the watch of ${UNIT} did not start`,
    `'journalctl --unit '${NAME}'' shows why`,
  ]);
});

test("stopping a background watch stops its unit, and reports a recording that wasn't kept", async () => {
  const stopped = async (truncated: boolean) => {
    const system = new FakeSystem({ files, locked: 'for-ever', running: [NAME] });
    await keepRecording(fakeContext(system), recording({ unit: UNIT, truncated }));
    const failures = await failureOf(() => stopWatch(fakeContext(system), UNIT));
    assert.ok(system.calls.includes(`stop-unit ${NAME}`));
    return failures.map(({ code, message, hint }) => [code, message, hint]);
  };
  assert.deepEqual(await stopped(false), []);
  assert.deepEqual(await stopped(true), [
    [
      'watch-failed',
      `the watch of ${UNIT} has ended, but its recording was not saved completely`,
      `'journalctl --unit '${NAME}'' shows why`,
    ],
  ]);
});

test("a service without a background watch can't be stopped", async () => {
  const stopped = async (unit: string) => {
    const system = new FakeSystem({ files, locked: 'for-ever' });
    return (await failure(stopWatch(fakeContext(system), unit)))[0];
  };
  assert.deepEqual(await Promise.all([stopped(UNIT), stopped('y.service')]), ['not-watched', 'not-watched']);
});
