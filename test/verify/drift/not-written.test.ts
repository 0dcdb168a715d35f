import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '../../../src/cli/commands/verify.js';
import { machine, run } from '../../support/apply-in-memory.js';
import { UNIT } from '../../support/demo-service.js';
import { fakeContext } from '../../support/fake-system.js';

test('verify: a permissive unit is an error that names the commands to enforce its policy and to leave it', async () => {
  const system = machine();
  await run(system, { permissive: true });
  const { diagnostics } = await verify(fakeContext(system), [UNIT], {});
  const [first] = diagnostics.filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    [first!.code, first!.hint],
    [
      'not-applied',
      `'sandbox-unit apply ${UNIT}' enforces its policy; 'sandbox-unit verify --permissive ${UNIT}' checks it as permissive`,
    ],
  );
});
