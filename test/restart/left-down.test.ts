import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  codesOf,
  machine,
  restartedOf,
  run,
  setPolicy,
  sorted,
  statesOf,
} from '../support/apply-in-memory.js';
import { FILTER, LAUNCHER, NO_EXEC, UNIT } from '../support/demo-service.js';
import type { FakeSystem } from '../support/fake-system.js';

/** An applied service that fails to start, as systemd says it, once one of the files is gone. */
async function leftDown(path: string, { status = 203, policy = NO_EXEC, mends = true } = {}) {
  const isBroken = () => hasBroken && !(mends && system.files.has(path));
  let hasBroken = false;
  const system: FakeSystem = machine(
    {
      behaviour: () => (isBroken() ? 'job-fails' : 'works'),
      distort: (properties) => {
        if (properties.get('ExecMainStatus') === 1) properties.set('ExecMainStatus', status);
      },
    },
    policy,
  );
  await run(system);
  hasBroken = true;
  system.files.delete(path);
  await system.restart(UNIT);
  assert.equal((await system.unit(UNIT)).activeState, 'failed');
  return system;
}

for (const path of [LAUNCHER, FILTER]) {
  test(`a service that is down for want of ${path} is started by the apply that mends it`, async () => {
    const system = await leftDown(path);
    const result = await run(system);
    assert.deepEqual(
      [result.exit, statesOf(result), codesOf(result), restartedOf(result)],
      [0, [`${UNIT} applied`], ['note records-incomplete'], [true]],
    );
    assert.equal((await system.unit(UNIT)).activeState, 'active');
  });
}

test('--check says so, and --no-restart leaves it down', async () => {
  const system = await leftDown(LAUNCHER);
  const checked = await run(system, { check: true });
  assert.deepEqual([checked.exit, codesOf(checked)], [3, ['note would-restart']]);
  const left = await run(system, { restart: false });
  assert.deepEqual([left.exit, codesOf(left)], [0, ['note not-running']]);
  assert.equal((await system.unit(UNIT)).activeState, 'failed');
});

test('one that fails again is stopped again, and the files are as they were', async () => {
  const system = await leftDown(FILTER, { mends: false });
  const before = sorted(system.files);
  const result = await run(system);
  assert.deepEqual([result.exit, statesOf(result)], [1, [`${UNIT} rolled-back`]]);
  assert.deepEqual(sorted(system.files), before);
  assert.notEqual((await system.unit(UNIT)).activeState, 'active');
});

test('a service that has failed by itself, or before it had the launcher, is not started', async () => {
  const byItself = await leftDown(LAUNCHER, { status: 1 });
  assert.deepEqual(codesOf(await run(byItself)), ['note not-running']);
  const without = await leftDown('/none', { policy: '[service]\nPrivateTmp = true\n', mends: false });
  setPolicy(without, NO_EXEC);
  assert.deepEqual(codesOf(await run(without)), ['note not-running']);
  assert.equal((await without.unit(UNIT)).activeState, 'failed');
});
