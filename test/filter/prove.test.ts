import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compile } from '../../src/filter/compile.js';
import { prove } from '../../src/filter/prove.js';
import { syscallPolicy } from '../support/policies.js';

test('what the compiler makes of any policy is proven', () => {
  fc.assert(
    fc.property(syscallPolicy(), (policy) => {
      const proof = prove(compile(policy), policy);
      assert.equal(proof.ok && proof.sampled, 0);
    }),
    { numRuns: 500 },
  );
});
