import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CALLS_POLICY, SHIPPED } from '../../bench/workshop.js';
import { parsePolicy } from '../../src/policy/parse.js';

for (const path of [CALLS_POLICY, ...Object.values(SHIPPED)]) {
  test(`${path.split('/').at(-1)} is a policy that benches accept`, () => {
    const { policy } = parsePolicy(readFileSync(path, 'utf8'), path);
    assert.ok(policy.syscalls ?? policy.extends.length > 0);
  });
}
