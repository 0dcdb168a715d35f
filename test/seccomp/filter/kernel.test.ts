import assert from 'node:assert/strict';
import { type Abi, abisOf, type Machine } from '../../../src/seccomp/syscalls/abi.js';
import { testsUnless } from '../../support/tests-unless.js';
import {
  conventionTries,
  edgeTries,
  ruleTries,
  simulationTries,
  type Tries,
  validityTries,
} from './kernel-tries.js';
import { askKernel, kernelUnavailable, thisMachine } from './try-filter.js';

const skip = kernelUnavailable();
const test = testsUnless(skip);
const machine: Machine = thisMachine ?? 'x86-64';

const assertAnswered = ({ lines, expected }: Tries) => assert.deepEqual(askKernel(lines), expected);

test('the kernel takes the programs that validate passes, and refuses the others', () => {
  const tries = validityTries(2000);
  assertAnswered(tries);
  assert.ok(tries.expected.filter((line) => line === 'taken').length > 400, 'too few valid programs');
});

test('the simulator runs programs as the kernel does', () => {
  const tries = simulationTries(machine, 2000);
  assertAnswered(tries);
  assert.ok(new Set(tries.expected).size > 100, 'too few different outcomes');
});

/** Why calls of a convention can't be made here, or undefined. */
function cannotCall(abi: Abi): string | undefined {
  if (skip) return skip;
  const { lines, expected } = conventionTries(abi);
  return askKernel(lines)[0] === expected[0] ? undefined : `the kernel doesn't run ${abi} programs`;
}

const native = abisOf(machine)[0]!;
const skipNative = cannotCall(native);

// Rules on the calls of an x86-64 machine are tried in random-policies.test.ts, from the texts of policies on.
if (machine === 'x86-64') {
  test('x86-64 numbers at the edges of the conventions get what the policy says', { skip: skipNative }, () =>
    assertAnswered(edgeTries()),
  );
} else {
  test(`argument rules on ${native} calls apply in the kernel as in the policy`, { skip: skipNative }, () => {
    const tries = ruleTries(machine, native, 60);
    assertAnswered(tries);
    assert.ok(new Set(tries.expected).size > 4, 'too few different outcomes');
  });
}
