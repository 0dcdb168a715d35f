/** Tests of apply/needs-root.ts and apply/write-offline.ts: who may change units, and units that don't run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { plan } from '../../src/cli/commands/plan.js';
import { revert } from '../../src/cli/commands/revert.js';
import { UserError } from '../../src/diagnostic.js';
import type { Context } from '../../src/machine/context.js';
import { UNIT } from '../support/demo-service.js';
import { fakeContext, machineWith } from '../support/fake-system.js';

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
