import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backgroundUnit,
  lockForWatch,
  underWatch,
  type WatchProgress,
} from '../../../src/learn/watch/under-watch.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';

const UNIT = 'demo.service';
const FOLDER = '/run/sandbox-unit/watches';
const STATE: WatchProgress = { begin: 1, end: null, phase: 'serving', calls: 40, lost: 0 };

test('a watch is listed while it has its lock, with its unit', async () => {
  const system = new FakeSystem();
  const own = await lockForWatch(fakeContext(system), UNIT);
  await own.show(STATE);
  const files = Object.fromEntries([...system.files].map(([path, { bytes }]) => [path, bytes]));
  const busy = new FakeSystem({ files, locked: 'for-ever' });
  assert.deepEqual(await underWatch(fakeContext(busy)), [{ unit: UNIT, ...STATE, background: null }]);
  const background = backgroundUnit(UNIT);
  const behind = fakeContext(new FakeSystem({ files, locked: 'for-ever', running: [background] }));
  assert.deepEqual(await underWatch(behind), [{ unit: UNIT, ...STATE, background }]);
  await assert.rejects(
    lockForWatch(fakeContext(busy), UNIT),
    ({ diagnostics: [first] }) => first.code === 'watched',
  );
  await own.release();
  assert.deepEqual(await underWatch(fakeContext(system)), []);
  assert.equal(system.files.has(`${FOLDER}/${UNIT}`), false);
});

test('the file of a killed watcher is removed', async () => {
  const system = new FakeSystem({ files: { [`${FOLDER}/${UNIT}`]: JSON.stringify(STATE) } });
  assert.deepEqual(await underWatch(fakeContext(system)), []);
  assert.equal(system.files.has(`${FOLDER}/${UNIT}`), false);
});

for (const text of ['', '{', JSON.stringify({ ...STATE, calls: -1 })]) {
  test(`a file without valid progress is no watch: ${text}`, async () => {
    const system = new FakeSystem({ files: { [`${FOLDER}/${UNIT}`]: text }, locked: 'for-ever' });
    assert.deepEqual(await underWatch(fakeContext(system)), []);
  });
}
