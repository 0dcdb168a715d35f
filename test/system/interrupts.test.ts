import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { holdInterrupts } from '../../src/system/interrupts.js';

test('signals that are held up are told one after the other, until they are released', async (t) => {
  // A signal that is waited for keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  t.after(() => clearInterval(alive));
  const { next, release } = holdInterrupts();
  const first = next();
  process.kill(process.pid, 'SIGTERM');
  assert.deepEqual(await first, { name: 'SIGTERM', number: 15 });
  const seen = once(process, 'SIGHUP');
  process.kill(process.pid, 'SIGHUP');
  await seen;
  assert.deepEqual(await next(), { name: 'SIGHUP', number: 1 });
  release();
  assert.deepEqual(
    ['SIGHUP', 'SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name)),
    [0, 0, 0],
  );
});
