import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/diagnostic.js';
import { holdingLock } from '../../src/machine/holding-lock.js';
import { FakeSystem, fakeContext } from '../support/fake-system.js';

const LOCK = { path: '/run/sandbox-unit/some.lock', wait: 120, holder: 'another one is at work' };

test('a lock is let go whatever comes of the step', async () => {
  const system = new FakeSystem();
  const failing = holdingLock(fakeContext(system), LOCK, () => Promise.reject(new Error('no')));
  await assert.rejects(failing, /^Error: no$/);
  assert.equal(await holdingLock(fakeContext(system), LOCK, async () => 7), 7);
});

test('of a lock that another run keeps an error tells, and the step is not taken', async () => {
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
