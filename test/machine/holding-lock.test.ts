import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/diagnostic.js';
import { holdingLock } from '../../src/machine/holding-lock.js';
import { FakeSystem, fakeContext } from '../support/fake-system.js';

const LOCK = { path: '/run/sandbox-unit/some.lock', wait: 120, holder: 'another one is at work' };

test('a lock is released whatever happens in the step', async () => {
  const system = new FakeSystem();
  const failing = holdingLock(fakeContext(system), LOCK, () => Promise.reject(new Error('no')));
  await assert.rejects(failing, /^Error: no$/);
  assert.equal(await holdingLock(fakeContext(system), LOCK, async () => 7), 7);
});

test("a lock of another run is an error, and the step doesn't run", async () => {
  const system = new FakeSystem({ locked: 'for-ever' });
  const never = () => assert.fail('the step was taken');
  await assert.rejects(holdingLock(fakeContext(system), LOCK, never), (cause) => {
    assert.ok(cause instanceof UserError);
    const [{ code, message, hint }] = cause.diagnostics as [(typeof cause.diagnostics)[0]];
    assert.deepEqual(
      [code, message],
      ['busy', 'another one is at work, and did not finish within 2 minutes'],
    );
    assert.match(hint!, /some\.lock/);
    return true;
  });
});
