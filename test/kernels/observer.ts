import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { countsOf, numberOf } from '../support/observer.js';
import type { Tried } from './tried.js';

/** The observer, which is built for this machine alone; before Linux 6.1 it says that the kernel is too old. */
export function observerTests({ name, machine, kernel, test }: Tried): void {
  if (machine !== 'x86-64') return;
  const observe = async (...parts: string[]) => {
    const { stdout } = await kernel().run(['/observe-one', '/observe', '/observed', ...parts]);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  };

  describe('the observer', () => {
    if (name.startsWith('linux-5.')) {
      test('says that the kernel is too old', async () => {
        const [{ error }] = await observe('calls');
        assert.equal(error.code, 'kernel-too-old');
        assert.match(error.message, /^it takes Linux 6\.1 or later, and this is 5\./);
      });
      return;
    }
    test('counts calls and tells refused ones, and that it is blind for capabilities', async () => {
      const lines = await observe('calls', 'refused');
      const unit = lines.find((line) => 'dump' in line);
      assert.deepEqual([unit.lost, unit.blind, unit.lives], [{}, ['capabilities'], 1]);
      assert.deepEqual(countsOf(unit, 'getgid'), [100, 0, 0, 0]);
      assert.deepEqual(countsOf(unit, 'getppid'), [1000, 0, 0, 0]);
      const refused = unit.refused.map(({ nr, errno, count }: Record<string, number>) => [nr, errno, count]);
      assert.deepEqual(refused, [
        [numberOf('uname'), 100, 5],
        [numberOf('getppid'), 1, 3],
        [numberOf('getuid'), 0, 1],
        [numberOf('getgid'), 0, 1],
        [numberOf('getegid'), 0, 1],
      ]);
    });
  });
}
