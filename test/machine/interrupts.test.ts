import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdInterrupts } from '../../src/machine/interrupts.js';

test('held signals are delivered one after the other, until they are released', async (t) => {
  // A signal that is waited for keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  t.after(() => clearInterval(alive));
  const { next, release } = holdInterrupts();
  const first = next();
  process.kill(process.pid, 'SIGTERM');
  // What comes together with it is the same request.
  process.kill(process.pid, 'SIGINT');
  assert.deepEqual(await first, { name: 'SIGTERM', number: 15 });
  await sleep(400);
  process.kill(process.pid, 'SIGHUP');
  assert.deepEqual(await next(), { name: 'SIGHUP', number: 1 });
  release();
  const found = ['SIGHUP', 'SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name));
  assert.deepEqual(found, [0, 0, 0]);
});
