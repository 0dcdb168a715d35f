/** Tests of apply/lock.ts and apply/write-offline.ts: who may change units, one run at a time, and units that don't run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfDone, withLock } from '../../src/apply/lock.js';
import { apply } from '../../src/cli/commands/apply.js';
import { plan } from '../../src/cli/commands/plan.js';
import { revert } from '../../src/cli/commands/revert.js';
import { UserError } from '../../src/diagnostic.js';
import type { Context } from '../../src/machine/context.js';
import { undoPath } from '../../src/systemd/paths/records.js';
import { UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { FakeSystem, fakeContext, machineWith, OF_USER } from '../support/fake-system.js';

test('a half changed unit is rolled back by root, or by the user whose unit it is', async () => {
  for (const [placement, hint] of [
    [
      { scope: 'system', lifetime: 'always' },
      `after an interrupted run, 'sandbox-unit status ${UNIT}' as root rolls it back`,
    ],
    [OF_USER, `after an interrupted run, 'sandbox-unit status --user ${UNIT}' rolls it back`],
  ] as const) {
    const system = new FakeSystem({ files: { [undoPath(placement, UNIT)]: '' } });
    const found = await halfDone(fakeContext(system, { placement }), UNIT);
    const hints = found.map((one) => one.hint);
    assert.deepEqual(hints, [hint]);
  }
});

test('a unit that `activate` left half changed is left alone until the script has rolled it back', async () => {
  const record = (name: string) => ({ [`/var/lib/sandbox-unit/activate/${name}/files`]: '' });
  const change = async () => ({
    ...{ exit: 0, json: {}, text: 'changed', diagnostics: [] },
    sources: new Map(),
  });
  const left = fakeContext(new FakeSystem({ files: record('a\\x2db.service') }));
  const [code, message, hint] = await failure(withLock(left, {}, change));
  assert.deepEqual(
    [code, message],
    ['half-done', 'activate has left a\\x2db.service half changed, or waiting to be confirmed'],
  );
  assert.match(hint!, /^'sh .*\/activate\/activate --undo -- 'a\\x2db\.service'' rolls it back/);
  // A record that isn't complete has changed nothing.
  const begun = fakeContext(
    new FakeSystem({
      files: { ...record('demo.service.new'), '/var/lib/sandbox-unit/activate/activate': '' },
    }),
  );
  assert.equal((await withLock(begun, {}, change)).text, 'changed');
});

const machine = () =>
  machineWith('[Service]\nExecStart=/usr/sbin/demod\n', '[syscalls]\ndeny = ["execve", "execveat"]\n', {
    running: [UNIT],
  });

const USER = { scope: 'user', lifetime: 'always', home: '/home/u', runtimeDirectory: '/run/user/1' } as const;

for (const verb of [apply, revert]) {
  test(`without root '${verb.name}' is refused before the machine is asked`, async () => {
    const system = machine();
    await assert.rejects(
      () => verb(fakeContext(system, { superuser: false }), [UNIT], {}),
      (cause) => {
        assert.ok(cause instanceof UserError);
        assert.deepEqual([cause.exit, cause.diagnostics.map(({ code }) => code)], [2, ['needs-root']]);
        assert.match(cause.diagnostics[0]!.hint!, /sudo/);
        return true;
      },
    );
    assert.deepEqual(system.calls, []);
  });

  const harmless: readonly [what: string, more: Partial<Context>, check: boolean][] = [
    ['--check', {}, true],
    ['--user', { placement: USER }, false],
    ['--root', { offline: true }, false],
  ];
  for (const [what, more, check] of harmless) {
    test(`without root '${verb.name} ${what}' works`, async () => {
      const context = fakeContext(machine(), { superuser: false, ...more });
      const found = await verb(context, [UNIT], { check }).catch((cause) => cause);
      const { diagnostics } = found as { diagnostics: readonly { code: string }[] };
      assert.ok(!diagnostics.some(({ code }) => code === 'needs-root'));
    });
  }
}

test('plan works without root', async () => {
  assert.equal((await plan(fakeContext(machine(), { superuser: false }), [UNIT], {})).exit, 0);
});
