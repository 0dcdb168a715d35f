import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { abisOf } from '../../src/seccomp/syscalls/abi.js';
import {
  conventionTries,
  edgeTries,
  ruleTries,
  simulationTries,
  type Tries,
  validityTries,
  WAYS,
} from '../seccomp/filter/kernel-tries.js';
import type { Tried } from './tried.js';

/** The tries of seccomp/filter/kernel.test.ts, fewer and shorter ones: they go through a serial line. */
export function filterTests({ machine, kernel, test }: Tried): void {
  const assertAnswered = async ({ lines, expected }: Tries) => {
    const { status, stdout } = await kernel().run(['/try-filter'], { input: `${lines.join('\n')}\n` });
    assert.equal(status, 0);
    assert.deepEqual(stdout.trimEnd().split('\n'), expected);
  };

  describe('filters', () => {
    test('the kernel takes the programs that validate passes, and refuses the others', () =>
      assertAnswered(validityTries(200, [0, 1])));
    test('the simulator runs programs as the kernel does', () =>
      assertAnswered(simulationTries(machine, 200)));
    for (const abi of abisOf(machine).filter((one) => WAYS[one] !== undefined)) {
      test(`argument rules on ${abi} calls apply in the kernel as in the policy`, async () => {
        await assertAnswered(conventionTries(abi));
        await assertAnswered(ruleTries(machine, abi, 5));
      });
    }
    if (machine === 'x86-64') {
      test('numbers at the edges of the conventions get what the policy says', () =>
        assertAnswered(edgeTries()));
    }
  });
}
