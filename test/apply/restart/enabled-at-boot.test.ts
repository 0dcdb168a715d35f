/** What the generator of earlier versions has left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enabledAtBoot, enabledDropIn, enabledManifest } from '../../../src/apply/restart/enabled-at-boot.js';
import { apply } from '../../../src/cli/commands/apply.js';
import { revert } from '../../../src/cli/commands/revert.js';
import { status } from '../../../src/cli/commands/status.js';
import { machine } from '../../support/apply-in-memory.js';
import { UNIT } from '../../support/demo-service.js';
import { FakeSystem, fakeContext, OF_USER } from '../../support/fake-system.js';

const MANIFEST = enabledManifest(UNIT);
const HEADER = '# Made by sandbox-unit 0.1.0 from /etc/x y.toml\n# Gaps allowed: gap-x\n';
const AGAIN = `sandbox-unit apply --allow-gaps --policy '/etc/x y.toml' ${UNIT}`;

const left = () => machine({ files: { [MANIFEST]: '', [enabledDropIn(UNIT)]: HEADER } });

test('status, apply and revert: a unit enabled for the old generator is an error with a hint', async () => {
  for (const found of [
    await status(fakeContext(left()), []),
    await apply(fakeContext(left()), [UNIT], {}),
    await revert(fakeContext(left()), [UNIT], {}),
  ]) {
    const told = found.diagnostics.find(({ code }) => code === 'enabled-at-boot');
    assert.deepEqual([found.exit, told?.hint], [1, `'rm ${MANIFEST}', then '${AGAIN}' confines it for good`]);
  }
});

test('units enabled for the old generator: names limit the list, and users have none', async () => {
  const files = { [enabledManifest('a@.service')]: '', [enabledManifest('b.service.tmp')]: '' };
  const system = new FakeSystem({ files });
  const found = async (context = fakeContext(system), units?: readonly string[]) =>
    (await enabledAtBoot(context, units)).map(({ hint }) => hint);
  const hints = [`'rm ${enabledManifest('a@.service')}' there`];
  assert.deepEqual(await found(fakeContext(system, { offline: true })), hints);
  assert.deepEqual(await found(fakeContext(system, { isRecorded: true }), ['a@.service']), hints);
  assert.deepEqual(await found(fakeContext(system), ['b.service']), []);
  assert.deepEqual(await found(fakeContext(system, { placement: OF_USER })), []);
});
