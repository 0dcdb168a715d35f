import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undoPath } from '../../src/paths.js';
import { halfDone } from '../../src/transaction/lock.js';
import { UNIT } from '../support/demo-service.js';
import { FakeSystem, fakeContext, OF_USER } from '../support/fake-system.js';

test('who rolls a half changed unit back is root, or the user whose unit it is', async () => {
  for (const [placement, hint] of [
    [{ scope: 'system', lifetime: 'always' }, `as root 'sandbox-unit status ${UNIT}' rolls it back`],
    [OF_USER, `'sandbox-unit status --user ${UNIT}' rolls it back`],
  ] as const) {
    const system = new FakeSystem({ files: { [undoPath(placement, UNIT)]: '' } });
    const found = await halfDone(fakeContext(system, { placement }), UNIT);
    assert.deepEqual(
      found.map((one) => one.hint),
      [hint],
    );
  }
});
