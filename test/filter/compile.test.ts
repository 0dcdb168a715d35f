import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compile } from '../../src/filter/compile.js';
import { simulate } from '../../src/filter/simulate.js';
import { validate } from '../../src/filter/validate.js';
import { evaluate } from '../../src/syscalls/policy.js';
import { callFor, syscallPolicy } from '../support/policies.js';

test('a compiled program answers every call as its policy does', () => {
  fc.assert(
    fc.property(
      syscallPolicy().chain((policy) =>
        fc.tuple(fc.constant(policy), fc.array(callFor(policy), { maxLength: 200 })),
      ),
      ([policy, calls]) => {
        const program = compile(policy);
        assert.equal(validate(program), undefined);
        for (const call of calls) assert.equal(simulate(program, call).action, evaluate(policy, call));
      },
    ),
    { numRuns: 500 },
  );
});
