import assert from 'node:assert/strict';
import { test } from 'node:test';
import { againCommand } from '../../src/prepare/apply-again.js';
import { UNIT } from '../support/demo-service.js';
import { FakeSystem, fakeContext } from '../support/fake-system.js';

test('a policy is applied again with the options that it had', () => {
  const facts = { policy: '/etc/x y.toml', permissive: true, gaps: ['gap-x'] };
  const context = fakeContext(new FakeSystem(), { placement: { scope: 'system', lifetime: 'runtime' } });
  assert.equal(
    againCommand(context, UNIT, facts, ['--check']),
    `sandbox-unit apply --check --permissive --allow-gaps --runtime --policy '/etc/x y.toml' ${UNIT}`,
  );
});
