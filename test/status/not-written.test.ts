import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '../../src/commands/verify.js';
import { UNIT } from '../support/demo-service.js';
import { AGAIN, atBoot, enabled, putIntoForce } from '../support/enabled-in-memory.js';

test('a permissive unit is made enforcing by the files of the generator', async () => {
  const system = await enabled({ permissive: true });
  await putIntoForce(system);
  const { diagnostics } = await verify(atBoot(system), [UNIT], {});
  const [first] = diagnostics.filter(({ severity }) => severity === 'error');
  assert.equal(first!.code, 'not-applied');
  assert.equal(
    first!.hint,
    `'${AGAIN} && systemctl try-restart ${UNIT}' enforces its policy; 'sandbox-unit verify --permissive ${UNIT}' holds it against what is let through`,
  );
});
