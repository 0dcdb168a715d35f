import assert from 'node:assert/strict';
import { describe } from 'node:test';
import {
  ARM,
  DIRT,
  registersOf,
  x32ArgumentTries,
  x86ArgumentTries,
} from '../seccomp/filter/argument-tries.js';
import type { Tries } from '../seccomp/filter/kernel-tries.js';
import { oneCall } from './program32-arm.js';
import type { Tried } from './tried.js';

/** Where a kernel takes the arguments of its 32-bit calls from. */
export function argumentTests({ machine, kernel, test }: Tried): void {
  const assertAnswered = async ({ lines, expected }: Tries) => {
    const { stdout } = await kernel().run(['/try-filter'], { input: `${lines.join('\n')}\n` });
    assert.deepEqual(stdout.trimEnd().split('\n'), expected);
  };

  describe('arguments', () => {
    if (machine === 'x86-64') {
      test('x86 calls take their arguments from where they are put', async () => {
        for (const tries of DIRT.map(x86ArgumentTries)) await assertAnswered(tries);
      });
      test('x32 calls take their arguments from where they are put', () =>
        assertAnswered(x32ArgumentTries()));
    }
    if (machine === 'arm64') {
      test('arm calls take their arguments from where they are put', async () => {
        for (const [name, args, errno] of ARM) {
          const { number, registers } = registersOf('arm', name, args);
          await kernel().write('/one-call', oneCall(number, registers), 0o755);
          const { status } = await kernel().run(['/one-call']);
          assert.equal(status, errno, `${name} ${args.join(' ')}`);
        }
      });
    }
  });
}
