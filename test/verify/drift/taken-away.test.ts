import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revert } from '../../../src/cli/commands/revert.js';
import { status } from '../../../src/cli/commands/status.js';
import { DROP_IN, FILTER, UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';
import { applied, POLICY, shown } from '../../support/status-in-memory.js';

/** A unit whose files of ours somebody has removed, as `systemctl revert` does. */
async function takenAway(): Promise<FakeSystem> {
  const system = await applied();
  for (const path of [DROP_IN, FILTER]) system.files.delete(path);
  return system;
}

const drift = async (system: FakeSystem, units: readonly string[] = []) => {
  const { exit, all, codes } = await shown(system, units);
  return { exit, units: all.map(({ unit }) => unit), codes };
};

test('a unit that was confined and no longer is, is a finding, named or not', async () => {
  const system = await takenAway();
  for (const units of [[], [UNIT]]) {
    assert.deepEqual(await drift(system, units), { exit: 1, units: [UNIT], codes: ['drift-files'] });
  }
});

test('a unit whose files were removed is applied again, if there is a policy, or reverted, and then forgotten', async () => {
  const hint = async (system: FakeSystem) => (await status(fakeContext(system), [UNIT])).diagnostics[0]!.hint;
  const system = await takenAway();
  assert.equal(
    await hint(system),
    `'sandbox-unit apply ${UNIT}' confines it again; 'sandbox-unit revert ${UNIT}' leaves it unconfined`,
  );
  system.files.delete(POLICY);
  assert.equal(await hint(system), `'sandbox-unit revert ${UNIT}' leaves it unconfined`);
  assert.equal((await revert(fakeContext(system), [UNIT], {})).exit, 0);
  assert.deepEqual((await drift(system)).units, []);
});

test('a unit that is gone, too, is not listed', async () => {
  const system = await takenAway();
  for (const path of [POLICY, `/usr/lib/systemd/system/${UNIT}`]) system.files.delete(path);
  await system.reload();
  assert.deepEqual(await drift(system), { exit: 0, units: [], codes: [] });
});

test('offline the running services are unknown', async () => {
  const { exit, all } = await shown(await takenAway(), [], true);
  assert.deepEqual([exit, all], [0, []]);
});
