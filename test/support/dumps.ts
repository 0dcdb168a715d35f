/** A dump of the observer, to be varied. */
import type { ObservedUnit } from '../../src/observe/observed.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';

const nr = (name: string): number => numbersOf('x86-64').get(name)!;

/** Text as the observer writes it, a character a byte. */
export const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** A dump with something in each of its parts, of a service that a script starts. */
export const dump = (more: Partial<ObservedUnit> = {}): ObservedUnit => ({
  dump: 0,
  lives: 1,
  slices: 60,
  programs: [
    { path: '/usr/bin/dash', phases: 0b1 },
    { path: '/usr/sbin/demod', phases: 0b1001 },
  ],
  calls: [
    {
      abi: 'native',
      nr: nr('read'),
      first: 0,
      last: 590,
      slices: 55,
      counts: [4, 900, 0, 2],
      ...{ programs: 0b11, onceReady: 0b10 },
    },
    {
      ...{ abi: 'native', nr: nr('execve'), first: 0, last: 0, slices: 1, counts: [2, 0, 0, 0] },
      ...{ programs: 0b1, onceReady: 0 },
    },
    {
      ...{ abi: 'compat', nr: 11, first: 5, last: 5, slices: 1, counts: [0, 1, 0, 0] },
      ...{ programs: 0b10, onceReady: 0b10 },
    },
    {
      ...{ abi: 'native', nr: 4000, first: 7, last: 9, slices: 1, counts: [0, 3, 0, 0] },
      ...{ programs: 0b10, onceReady: 0b10 },
    },
  ],
  refused: [
    { abi: 'native', nr: nr('clone3'), errno: 38, count: 2, programs: 0b10 },
    { abi: 'native', nr: nr('ptrace'), errno: 0, count: 1, programs: 0b10 },
  ],
  arguments: [
    {
      ...{ watch: 0, phases: 0b11, lost: 1 },
      values: [
        ['1', '524289'],
        ['2', '1'],
      ],
    },
  ],
  paths: [
    { use: 'read', phases: 0b1, path: '/etc/demo.conf', count: 2 },
    { use: 'failed', phases: 0b10, path: asBytes('/srv/größe'), count: 2, errno: 2 },
    { use: 'write', phases: 0b10, path: '/dev/null', count: 1, device: 'char 1:3' },
    { use: 'read', phases: 0b10, path: 'end/of/it', count: 1, cut: true },
  ],
  peers: [
    { use: 'bind', family: 2, type: 1, address: '0.0.0.0', port: 80, count: 1 },
    { use: 'connect', family: 1, type: 2, address: '/dev/log', port: null, count: 1, errno: 2 },
  ],
  capabilities: [
    { capability: 10, granted: true, count: 1, calls: [{ abi: 'native', nr: nr('bind') }], lost: 0 },
    { capability: 62, granted: false, count: 1, calls: [], lost: 2 },
  ],
  forkFlags: ['18874385', '18446744073709551615'],
  modes: [0o640, 0o640],
  ringOperations: [22],
  lost: { paths: 2, peers: 0 },
  blind: ['capabilities'],
  ...more,
});
