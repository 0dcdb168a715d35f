/** Tests of prepare/enabled.ts and prepare/apply-again.ts: a unit that is enabled at boot, and the commands that make its files anew. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENABLED } from '../../src/paths/at-boot.js';
import { againCommand, enableCommand } from '../../src/prepare/apply-again.js';
import { enabledHere, enabledOf, enabledUnits } from '../../src/prepare/enabled.js';
import { UNIT } from '../support/demo-service.js';
import { AGAIN, atBoot, enabled, MANIFEST } from '../support/enabled-in-memory.js';
import { FakeSystem, fakeContext, OF_USER } from '../support/fake-system.js';

test('what is enabled is read from the manifest and the drop-in', async () => {
  for (const ifChanged of ['refuse', 'run']) {
    const found = await enabledOf(atBoot(await enabled({ ifChanged })), UNIT);
    assert.deepEqual(
      [found!.unit, found!.runsIfChanged, found!.facts!.policy],
      [UNIT, ifChanged === 'run', `/etc/sandbox-unit/${UNIT}.toml`],
    );
  }
});

test('a manifest counts for the system, of its unit and the instances of its template', async () => {
  const files = { [`${ENABLED}/activate.d/a@.service`]: '', [`${ENABLED}/activate.d/a@.service.tmp`]: '' };
  const context = atBoot(new FakeSystem({ files }));
  assert.deepEqual(await enabledUnits(context), ['a@.service']);
  assert.deepEqual(await enabledOf(context, 'a@x.service'), {
    unit: 'a@.service',
    runsIfChanged: false,
    facts: undefined,
  });
  assert.equal(await enabledOf(context, 'b.service'), undefined);
  assert.equal(await enabledHere(fakeContext(new FakeSystem({ files })), 'a@.service'), undefined);
  for (const other of [{ placement: OF_USER }, { offline: true }])
    assert.deepEqual(await enabledUnits(fakeContext(new FakeSystem({ files }), other)), []);
});

test('a manifest that this user may not read is one, and says nothing', async () => {
  const system = await enabled({ ifChanged: 'run' }, { unreadable: [MANIFEST] });
  const found = await enabledOf(atBoot(system), UNIT);
  assert.deepEqual([found!.unit, found!.runsIfChanged], [UNIT, false]);
});

test('files are made again as they were', async () => {
  const context = atBoot(new FakeSystem());
  const gaps = { policy: '/etc/x y.toml', permissive: true, gaps: ['gap-x'] };
  const policy = "--policy '/etc/x y.toml'";
  assert.equal(
    againCommand(context, UNIT, gaps, ['--check']),
    `sandbox-unit apply --check --permissive --allow-gaps --runtime ${policy} ${UNIT}`,
  );
  const found = (await enabledOf(atBoot(await enabled()), UNIT))!;
  const plain = { policy: undefined, permissive: false, gaps: [] };
  assert.equal(
    againCommand(context, UNIT, { ...plain, enabled: found }),
    `${AGAIN} && systemctl try-restart ${UNIT}`,
  );
  const facts = { ...found.facts!, ...gaps };
  assert.equal(
    enableCommand(context, { ...found, unit: 'a@.service', facts }, { verb: 'restart' }),
    `sandbox-unit generate --runtime --at-boot --output ${ENABLED} --permissive --allow-gaps ${policy} a@.service` +
      " && systemctl daemon-reload && systemctl restart 'a@*.service'",
  );
});
