import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFacts } from '../../src/machine/recorded/facts-file.js';
import { Recorded } from '../../src/machine/recorded/recorded.js';
import { FIRST_LINE } from '../support/facts-lines.js';
import { failure } from '../support/failure.js';

test('an operation that needs a running machine is an error with a hint', async () => {
  const system = new Recorded(parseFacts(new Map([['facts', FIRST_LINE]])), { now: () => 7 });
  const steps: readonly (() => Promise<unknown>)[] = [
    ...[() => system.replace(), () => system.remove(), () => system.reload(), () => system.lock()],
    ...[() => system.restart(), () => system.startUnit(), () => system.stopUnit(), () => system.reloadUnit()],
    ...[() => system.lineChild(), () => system.reach()],
    ...[() => system.waitForState(), () => system.changed(), () => system.assertWritable()],
    ...[async () => system.uptime(), () => system.walk('/', { process: 1 })],
  ];
  for (const step of steps) {
    const [code, , hint] = await failure(step());
    assert.deepEqual(
      [code, hint],
      ['offline', 'run it on the machine itself, without --facts'],
      String(step),
    );
  }
  assert.equal(system.now(), 7);
  // Time doesn't pass: a wait is over at once, and no alarm rings.
  const alarm = system.alarm();
  const first = await Promise.race([alarm.rung.then(() => 'rung'), system.wait().then(() => 'waited')]);
  alarm.stop();
  assert.equal(first, 'waited');
});
