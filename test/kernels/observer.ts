import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { ObservedUnit } from '../../src/observe/observed.js';
import { configuration } from '../../src/observe/watch-list.js';
import { countsOf, numberOf } from '../support/observer.js';
import { splitLines } from '../support/run.js';
import type { Tried } from './tried.js';

/** The observer; before Linux 6.1 it says that the kernel is too old. */
export function observerTests({ name, machine, kernel, test }: Tried): void {
  const observe = (...parts: string[]) => observeBy('', ...parts);
  const observeBy = async (option: string, ...parts: string[]) => {
    await kernel().write(
      '/request',
      configuration(machine)
        .map((line) => `${line}\n`)
        .join(''),
    );
    const { stdout } = await kernel().run([
      ...['/observe-one', '/observe', option, '/request', '/observed', ...parts],
    ]);
    return splitLines(stdout).map((line) => JSON.parse(line));
  };

  describe('the observer', () => {
    if (name.startsWith('linux-5.')) {
      test('reports that the kernel is too old', async () => {
        const [{ error }] = await observe('calls');
        assert.equal(error.code, 'kernel-too-old');
        assert.match(error.message, /^it takes Linux 6\.1 or later, and this is 5\./);
      });
      return;
    }
    test('counts calls, and reports refused ones and its blind spots', async () => {
      const lines = await observe('calls', 'refused');
      const unit = lines.find((line) => 'dump' in line);
      const blind = ['capabilities', ...(name.startsWith('linux-6.1-') ? ['ringOperations'] : [])];
      assert.deepEqual([unit.lost, unit.blind, unit.lives], [{}, blind, 1]);
      assert.deepEqual(countsOf(unit, 'getgid', machine), [100, 0, 0, 0]);
      assert.deepEqual(countsOf(unit, 'getppid', machine), [1000, 0, 0, 0]);
      const refused = unit.refused.map(({ nr, errno, count }: Record<string, number>) => [nr, errno, count]);
      assert.deepEqual(refused, [
        [numberOf('uname', machine), 100, 5],
        [numberOf('getppid', machine), 1, 3],
        [numberOf('getuid', machine), 0, 1],
        [numberOf('getgid', machine), 0, 1],
        [numberOf('getegid', machine), 0, 1],
      ]);
    });
    test('reports the refused calls of a process that has left the control group', async () => {
      const unit: ObservedUnit = (await observeBy('--refused-only', 'leaves')).find((line) => 'dump' in line);
      const refused = unit.refused.map(({ nr, errno, count, certain = true }) => [nr, errno, count, certain]);
      assert.deepEqual(refused, [
        [numberOf('uname', machine), 100, 7, true],
        [numberOf('getuid', machine), 0, 1, true],
        [numberOf('getgid', machine), 0, 1, true],
        [numberOf('getppid', machine), 1, 3, false],
        [numberOf('getpgid', machine), 7, 2, false],
        [numberOf('getegid', machine), 0, 1, true],
      ]);
      assert.deepEqual(unit.lost, {});
    });
    test('reports values of arguments, changes of paths, and peers of sockets', async () => {
      const lines = await observe('arguments', 'paths', 'peers');
      const unit: ObservedUnit = lines.find((line) => 'dump' in line);
      assert.deepEqual([unit.lost, [...unit.modes].sort()], [{}, [0o600, 0o640, 0o750]]);
      const [families] = unit.arguments;
      assert.deepEqual(families!.values.slice(0, 2), [
        ['2', '1'],
        ['1', '2'],
      ]);
      const uses = new Set(
        unit.paths.map(({ use, path, errno, device }) => [use, path, errno, device].join(' ').trim()),
      );
      const expected = [
        'execute /observed',
        'map-executable /memfd:code',
        'reference /folder',
        'write /made',
        'create-in /',
        'change-directory /folder',
        'change-attribute /folder',
        'read /dev/null  char 1:3',
        'failed /missing/file 2',
        'stat /missing 2',
      ];
      const found = expected.filter((use) => !uses.has(use));
      assert.deepEqual(found, []);
      const bound = unit.peers.find(({ use }) => use === 'bind');
      assert.deepEqual([bound?.family, bound?.type, bound?.address, bound?.port], [2, 1, '127.0.0.1', 0]);
    });
  });
}
