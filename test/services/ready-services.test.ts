/** The first table of docs/ready-on-services.md has each daemon as it is tried. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parsePolicy } from '../../src/policy/parse.js';
import { inRepository } from '../support/repository.js';
import { policyOf, READY, readyTable } from './ready-services.js';

test('docs/ready-on-services.md says of each daemon what it loses', () => {
  const page = readFileSync(inRepository('docs/ready-on-services.md'), 'utf8');
  assert.ok(page.includes(readyTable(READY.map((service) => ({ service, problems: [] })))));
});

test('a row says what was wrong', () => {
  const service = { name: 'x', starts: 'by a script', reload: false, settle: '2s' };
  assert.equal(
    readyTable([{ service, problems: ['it | fails\nin the end', 'so'] }]).split('\n')[2],
    '| x | by a script | refused | 2s | has no means to start one | **BROKEN**: it \\| fails |',
  );
});

for (const service of READY)
  test(`the policy of ${service.name} takes execve away`, () => {
    const { policy, diagnostics } = parsePolicy(policyOf(service), 'p.toml');
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      policy.ready?.deny.map(({ name }) => name),
      ['execve', 'execveat'],
    );
    assert.equal(policy.ready.reload?.value, service.reload);
  });
