import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { ownAnswers, passingOf } from '../../../src/seccomp/filter/own-answers.js';
import { ABIS, abisOf } from '../../../src/seccomp/syscalls/abi.js';
import { errnoOf, LOG, permits } from '../../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { evaluate } from '../../../src/seccomp/syscalls/policy.js';
import { resolve, resolveCalls } from '../../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { section } from '../../support/named-policies.js';
import { syscallsFrom } from '../../support/policy.js';

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

test('everything that passes for some arguments is listed', () => {
  const registers = fc.array(fc.bigInt({ min: 0n, max: 9n }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(section(), registers, fc.constantFrom(...MACHINES), (written, args, machine) => {
      const meaning = resolve(resolveCalls(written, SETS), machine);
      const passing = passingOf(compile(meaning));
      const native = abisOf(machine)[0]!;
      const { arch } = ABIS[native];
      for (const [call, nr] of numbersOf(native))
        assert.ok(passing(arch, [nr, nr]) || !permits(evaluate(meaning, { arch, nr, args })), call);
    }),
    { numRuns: 100 },
  );
});

test('a call that is refused for all arguments does not pass, and a range passes by one call of it', () => {
  const written = syscallsFrom(`allow = ["@system-service"]
deny = ["bpf", "uname"]
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_UNIX" }]
action = "allow"
`);
  const passing = passingOf(compile(resolve(resolveCalls(written, SETS), 'x86-64')));
  const { arch } = ABIS['x86-64'];
  const nr = (call: string) => numbersOf('x86-64').get(call)!;
  const passes = (call: string) => passing(arch, [nr(call), nr(call)]);
  assert.deepEqual(['bpf', 'uname', 'mount', 'read', 'socket'].map(passes), [
    false,
    false,
    false,
    true,
    true,
  ]);
  assert.ok(passing(arch, [nr('uname') - 1, nr('uname') + 1]));
  assert.ok(!passing(ABIS.x86.arch, [0, 0xfffffffe]));
});
