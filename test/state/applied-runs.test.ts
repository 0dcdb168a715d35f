/**
 * Tests of state/applied-runs.ts, state/seen-runs.ts, state/service-run.ts, state/service.ts and state/own-files.ts: whether a
 * service runs with the files that are there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codesOf, machine, restartedOf, run, setPolicy, statesOf } from '../support/apply-in-memory.js';
import { DROP_IN, NO_EXEC, UNIT } from '../support/demo-service.js';

test('a service that still runs as it did before is restarted by the next apply', async () => {
  const system = machine();
  await run(system, { restart: false });
  assert.equal(system.isConfined(UNIT), false);
  const checked = await run(system, { check: true });
  assert.deepEqual([checked.exit, codesOf(checked)], [3, ['note restart-due']]);
  assert.equal(checked.text, 'demo.service: pending\nThe files are as they shall be; a restart is due.\n');
  const result = await run(system);
  assert.deepEqual([result.exit, codesOf(result)], [0, ['note refusals-unseen']]);
  assert.equal(result.text, 'demo.service: applied\nRestarted.\n');
  assert.deepEqual(restartedOf(result), [true]);
  assert.equal(system.isConfined(UNIT), true);
  assert.equal((await run(system, { check: true })).exit, 0);
});

test('what only a restart would change is unchanged with --no-restart', async () => {
  const system = machine();
  await run(system, { restart: false });
  system.calls.length = 0;
  for (const check of [true, false]) {
    const result = await run(system, { restart: false, check });
    assert.deepEqual(
      [result.exit, statesOf(result), codesOf(result), restartedOf(result)],
      [0, ['demo.service unchanged'], ['note restart-due'], [false]],
    );
  }
  assert.deepEqual(system.changes, []);
});

test('where only comments of the drop-in change they are written, and nothing is restarted', async () => {
  const system = machine();
  await run(system);
  const pid = system.pidOf(UNIT);
  const old = system.text(DROP_IN);
  setPolicy(system, `description = "the same"\n${NO_EXEC}`);
  assert.equal((await run(system, { check: true })).exit, 3);
  system.calls.length = 0;
  const result = await run(system);
  assert.deepEqual([result.exit, statesOf(result)], [0, ['demo.service applied']]);
  assert.deepEqual(codesOf(result), ['note no-restart']);
  assert.deepEqual(system.changes, [`replace ${DROP_IN}`, 'reload']);
  assert.notEqual(system.text(DROP_IN), old);
  assert.equal(system.pidOf(UNIT), pid);
  assert.deepEqual(statesOf(await run(system)), ['demo.service unchanged']);
  assert.equal((await run(system, { check: true })).exit, 0);
});

test('where only the probe changes nothing is restarted, and a hint says when it is tried', async () => {
  const system = machine();
  await run(system);
  setPolicy(system, `${NO_EXEC}\n[apply]\nprobe = ["/usr/sbin/demod"]\n`);
  const result = await run(system);
  assert.deepEqual([statesOf(result), restartedOf(result)], [['demo.service applied'], [false]]);
  assert.deepEqual(
    result.diagnostics.map(({ code, message, hint }) => [code, message, hint]),
    [
      [
        'no-restart',
        'demo.service needs no restart: it runs with these directives and this filter',
        "'probe' of [apply] is tried at the next restart by apply",
      ],
    ],
  );
});

test('a service that was never restarted is, even if only comments change since', async () => {
  const system = machine();
  await run(system, { restart: false });
  setPolicy(system, `description = "the same"\n${NO_EXEC}`);
  const result = await run(system);
  assert.deepEqual([statesOf(result), codesOf(result)], [['demo.service applied'], ['note refusals-unseen']]);
  assert.equal(system.isConfined(UNIT), true);
});

test('what runs without the filter of its files is not called unchanged', async () => {
  let starts = 0;
  const system = machine({ behaviour: () => (starts++ === 0 ? 'works' : 'is-open') });
  await run(system);
  await system.restart(UNIT);
  const result = await run(system);
  assert.deepEqual(
    [result.exit, statesOf(result), codesOf(result)],
    [1, ['demo.service refused'], ['error not-confined']],
  );
});
