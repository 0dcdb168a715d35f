import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfDone, withLock } from '../../src/apply/lock.js';
import { undoPath } from '../../src/systemd/paths/records.js';
import { UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { FakeSystem, fakeContext, OF_USER } from '../support/fake-system.js';

test('a half changed unit is rolled back by root, or by the user whose unit it is', async () => {
  for (const [placement, hint] of [
    [{ scope: 'system', lifetime: 'always' }, `as root 'sandbox-unit status ${UNIT}' rolls it back`],
    [OF_USER, `'sandbox-unit status --user ${UNIT}' rolls it back`],
  ] as const) {
    const system = new FakeSystem({ files: { [undoPath(placement, UNIT)]: '' } });
    const found = await halfDone(fakeContext(system, { placement }), UNIT);
    const hints = found.map((one) => one.hint);
    assert.deepEqual(hints, [hint]);
  }
});

test('a unit that `activate` left half changed is left alone until the script has rolled it back', async () => {
  const record = (name: string) => ({ [`/var/lib/sandbox-unit/activate/${name}/files`]: '' });
  const change = async () => ({
    ...{ exit: 0, json: {}, text: 'changed', diagnostics: [] },
    sources: new Map(),
  });
  const left = fakeContext(new FakeSystem({ files: record('a\\x2db.service') }));
  const [code, message, hint] = await failure(withLock(left, {}, change));
  assert.deepEqual(
    [code, message],
    ['half-done', 'activate has left a\\x2db.service half changed, or waiting'],
  );
  assert.match(hint!, /^'sh .*\/activate\/activate --undo -- 'a\\x2db\.service'' puts it back/);
  // A record that isn't complete has changed nothing.
  const begun = fakeContext(
    new FakeSystem({
      files: { ...record('demo.service.new'), '/var/lib/sandbox-unit/activate/activate': '' },
    }),
  );
  assert.equal((await withLock(begun, {}, change)).text, 'changed');
});
