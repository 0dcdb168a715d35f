import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../src/policy/parse.js';
import { policyOf, READY, readyTable } from './ready-services.js';

test('a row has the error', () => {
  const service = { name: 'x', starts: 'by a script', reload: false, settle: '2s' };
  assert.equal(
    readyTable([{ service, problems: ['it | fails\nin the end', 'so'] }]).split('\n')[2],
    '| x | by a script | refused | 2s | has no means to start one | **BROKEN**: it \\| fails |',
  );
});

for (const service of READY)
  test(`the policy of ${service.name} refuses execve`, () => {
    const { policy, diagnostics } = parsePolicy(policyOf(service), 'p.toml');
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      policy.ready?.deny.map(({ name }) => name),
      ['execve', 'execveat'],
    );
    assert.equal(policy.ready.reload?.value, service.reload);
  });
