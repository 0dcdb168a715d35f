import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnd, codesOf, machine, run, statesOf } from '../../support/apply-in-memory.js';
import { UNIT } from '../../support/demo-service.js';

test('a stopped service is not started, and that is reported', async () => {
  const system = machine({ running: [] });
  const result = await run(system);
  assert.deepEqual([result.exit, codesOf(result)], [0, ['note not-running']]);
  assert.equal(system.changes.at(-1), 'reload');
});

test('a failed service is not started either, and each run reports its state', async () => {
  const system = machine({ behaviour: (_, confined) => (confined ? 'works' : 'job-fails') });
  await system.restart(UNIT);
  for (const state of ['applied', 'unchanged']) {
    const result = await run(system);
    const { hint } = result.diagnostics[0]!;
    assert.deepEqual(
      [result.exit, statesOf(result), codesOf(result), hint],
      [0, [`${UNIT} ${state}`], ['note not-running'], `systemctl start ${UNIT}`],
    );
  }
});

test('a service that failed under its policy, or keeps failing, has a hint with explain', async () => {
  for (const [more, message] of [
    [[], /^demo\.service has failed under its policy \(exit-code, exit status 1\)$/],
    [
      [
        ['ActiveState', 'activating'],
        ['SubState', 'auto-restart'],
      ],
      /^demo\.service fails again and again under its policy \(/,
    ],
  ] as const) {
    let since = false;
    const system = machine({
      running: [],
      behaviour: () => 'job-fails',
      distort: (properties) => {
        for (const [name, value] of since ? more : []) properties.set(name, value);
      },
    });
    await run(system);
    await system.restart(UNIT);
    since = true;
    const result = await run(system);
    const [first] = result.diagnostics;
    assertEnd(result, [0, [`${UNIT} unchanged`], ['warning failed']]);
    assert.match(first!.message, message);
    assert.match(first!.hint ?? '', /^'sandbox-unit explain demo\.service' shows whether/);
  }
});
