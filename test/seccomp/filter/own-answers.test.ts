import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { ownAnswers } from '../../../src/seccomp/filter/own-answers.js';
import { ABIS, abisOf } from '../../../src/seccomp/syscalls/abi.js';
import { errnoOf, LOG, permits } from '../../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { evaluate } from '../../../src/seccomp/syscalls/policy.js';
import { resolve, resolveCalls } from '../../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { section } from '../../support/named-policies.js';

const SETS = bundledSets();
const MACHINES = ['x86-64', 'arm64'] as const;

test('everything that a program refuses or records for some arguments is listed', () => {
  const registers = fc.array(fc.bigInt({ min: 0n, max: 9n }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(section(), registers, fc.constantFrom(...MACHINES), (written, args, machine) => {
      const meaning = resolve(resolveCalls(written, SETS), machine);
      const { refuses, fails, recorded } = ownAnswers(compile(meaning), machine);
      const native = abisOf(machine)[0]!;
      for (const [call, nr] of numbersOf(native)) {
        const action = evaluate(meaning, { arch: ABIS[native].arch, nr, args });
        assert.ok(refuses || permits(action), call);
        assert.ok(fails || errnoOf(action) === undefined, call);
        assert.ok(recorded.includes(call) || action !== LOG, call);
      }
    }),
    { numRuns: 100 },
  );
});

test('a program of a permissive policy refuses nothing', () => {
  fc.assert(
    fc.property(section(), fc.constantFrom(...MACHINES), (written, machine) => {
      const meaning = resolve(resolveCalls({ ...written, permissive: true }, SETS), machine);
      assert.ok(!ownAnswers(compile(meaning), machine).refuses);
    }),
    { numRuns: 100 },
  );
});
