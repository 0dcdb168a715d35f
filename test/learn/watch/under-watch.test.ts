import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claim, type UnderWatch, underWatch } from '../../../src/learn/watch/under-watch.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';

const UNIT = 'demo.service';
const FOLDER = '/run/sandbox-unit/watches';
const STATE: UnderWatch = {
  unit: UNIT,
  ...{ begin: 1, end: null, background: null, phase: 'serving', calls: 40, lost: 0 },
};

test('a watch tells of itself as long as it has the lock', async () => {
  const system = new FakeSystem();
  const own = await claim(fakeContext(system), UNIT);
  await own.tell(STATE);
  const busy = new FakeSystem({
    files: Object.fromEntries([...system.files].map(([path, { bytes }]) => [path, bytes])),
    locked: 'for-ever',
  });
  assert.deepEqual(await underWatch(fakeContext(busy)), [STATE]);
  await assert.rejects(
    claim(fakeContext(busy), UNIT),
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

for (const text of [
  '',
  '{',
  JSON.stringify({ ...STATE, unit: 'x.service' }),
  JSON.stringify({ ...STATE, calls: -1 }),
]) {
  test(`a file that tells nothing is no watch: ${text}`, async () => {
    const system = new FakeSystem({ files: { [`${FOLDER}/${UNIT}`]: text }, locked: 'for-ever' });
    assert.deepEqual(await underWatch(fakeContext(system)), []);
  });
}
