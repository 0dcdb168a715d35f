import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ABIS, type Abi } from '../../../src/seccomp/syscalls/abi.js';
import { argumentIn, placeOf, registersWith } from '../../../src/seccomp/syscalls/arguments.js';
import { callNames, numbersOf } from '../../../src/seccomp/syscalls/numbers.js';

/** Registers of arguments 0 to 5: `3:4` with the upper half in the second, `-` for one that no filter compares. */
function places(abi: Abi, call: string): string {
  return Array.from({ length: 6 }, (_, arg) => {
    const place = placeOf(abi, call, arg);
    if ('why' in place) return '-';
    const upper = place.upper === undefined ? '' : `:${place.upper}`;
    return `${place.register}${upper}`;
  }).join(' ');
}

const BY_CALL: readonly [call: string, x86: string, arm: string][] = [
  ['openat', '0 1 2 3 4 5', '0 1 2 3 4 5'],
  ['pread64', '0 1 2 3:4 5 -', '0 1 2 4:5 - -'],
  ['pwrite64', '0 1 2 3:4 5 -', '0 1 2 4:5 - -'],
  ['truncate64', '0 1:2 3 4 5 -', '0 2:3 4 5 - -'],
  ['ftruncate64', '0 1:2 3 4 5 -', '0 2:3 4 5 - -'],
  ['readahead', '0 1:2 3 4 5 -', '0 2:3 4 5 - -'],
  ['fallocate', '0 1 2:3 4:5 - -', '0 1 2:3 4:5 - -'],
  ['fanotify_mark', '0 1 2:3 4 5 -', '0 1 2:3 4 5 -'],
  ['lookup_dcookie', '0:1 2 3 4 5 -', '0:1 2 3 4 5 -'],
  ['preadv', '0 1 2 3:4 4 5', '0 1 2 3:4 4 5'],
  ['pwritev2', '0 1 2 3:4 4 5', '0 1 2 3:4 4 5'],
  ['setuid32', '0 1 2 3 4 5', '0 1 2 3 4 5'],
  ['setuid', '- - - - - -', '- - - - - -'],
  ['setfsgid', '- - - - - -', '- - - - - -'],
  ['setresgid', '- - - - - -', '- - - - - -'],
  ['lchown', '0 - - - - -', '0 - - - - -'],
  ['fchownat', '0 1 2 3 4 5', '0 1 2 3 4 5'],
  ['setgroups', '0 1 2 3 4 5', '0 1 2 3 4 5'],
];

for (const [call, x86, arm] of BY_CALL) {
  test(`32-bit ABIs have the arguments of ${call} where the kernel reads them`, () => {
    assert.deepEqual([places('x86', call), places('arm', call)], [x86, arm]);
  });
}

test('only x86 has some in memory, and some in another order', () => {
  assert.deepEqual(
    ['mmap', 'select', 'clone', 'sync_file_range', 'fadvise64', 'fadvise64_64'].map((call) =>
      places('x86', call),
    ),
    [
      ...['- - - - - -', '- - - - - -', '0 1 2 4 3 5'],
      ...['0 1:2 3:4 5 - -', '0 1:2 3 4 5 -', '0 1:2 3:4 5 - -'],
    ],
  );
  const found = ['clone', 'sync_file_range2', 'arm_fadvise64_64'].map((call) => places('arm', call));
  assert.deepEqual(found, ['0 1 2 3 4 5', '0 1 2:3 4:5 - -', '0 1 2:3 4:5 - -']);
});

test('only arm strips a bit of the commands of System V IPC, which no filter can', () => {
  const commands = ['msgctl', 'semctl', 'shmctl'];
  const on = (abi: Abi) => commands.map((call) => places(abi, call));
  assert.deepEqual(on('arm'), ['0 - 2 3 4 5', '0 1 - 3 4 5', '0 - 2 3 4 5']);
  assert.deepEqual(on('x86'), Array(commands.length).fill('0 1 2 3 4 5'));
});

test('64-bit ABIs have every argument in its own register, in order, and modes of files in 16 bits of it', () => {
  const modes =
    'chmod:1 creat:1 fchmod:1 fchmodat:2 fchmodat2:2 mkdir:1 mkdirat:2 mknod:1 mknodat:2 mq_open:2 open:2 openat:3';
  for (const abi of ['x86-64', 'arm64', 'riscv64'] as const) {
    const short: string[] = [];
    for (const call of callNames()) {
      for (let arg = 0; arg < 6; arg++) {
        const place = placeOf(abi, call, arg);
        if ('bits' in place && place.bits === 16) short.push(`${call}:${arg}`);
        else assert.deepEqual(place, { register: arg, bits: 64 });
      }
    }
    assert.equal(short.join(' '), modes);
  }
});

test('x32 truncates numbers of its own calls, but not positions, which precede flags', () => {
  const bits = (call: string, arg: number, width?: 64) => {
    const place = placeOf('x32', call, arg, width);
    return 'why' in place ? undefined : place.bits;
  };
  assert.deepEqual(
    [bits('ioctl', 2, 64), bits('fallocate', 3, 64), bits('preadv', 3, 64)],
    [undefined, 64, 64],
  );
  assert.deepEqual([bits('ioctl', 2), bits('fallocate', 3), bits('pread64', 3)], [32, 64, 64]);
  assert.deepEqual([bits('preadv', 2), bits('preadv', 3), bits('pwritev2', 3)], [32, 64, 64]);
  assert.equal(places('x32', 'preadv2'), '0 1 2 3 5 4');
  assert.equal(places('x32', 'pwritev'), '0 1 2 3 5 4');
});

test('a call named in place of another exists in that ABI', () => {
  for (const abi of Object.keys(ABIS) as Abi[]) {
    for (const call of numbersOf(abi).keys()) {
      for (let arg = 0; arg < 6; arg++) {
        const place = placeOf(abi, call, arg);
        if ('instead' in place) assert.ok(numbersOf(abi).has(place.instead!), `${abi} ${call}`);
      }
    }
  }
});

test('arguments that are put into registers are found there', () => {
  const args = [0x1_2345_6789n, 0x2_0000_0001n, 0x3_0000_0002n, 0x4_0000_0003n];
  const found = (abi: Abi, call: string) =>
    args.map((_, arg) => {
      const place = placeOf(abi, call, arg);
      return 'why' in place ? undefined : argumentIn(registersWith(abi, call, args), place);
    });
  assert.deepEqual(found('x86-64', 'fallocate'), args);
  assert.deepEqual(found('arm', 'fallocate'), [0x2345_6789n, 1n, ...args.slice(2)]);
  assert.deepEqual(
    found('x86', 'mmap'),
    args.map(() => undefined),
  );
  const offset = placeOf('x86', 'lseek', 1);
  assert.ok(!('why' in offset));
  assert.equal(argumentIn([0n, 0x9_ffff_fffen], offset), 2n ** 64n - 2n);
  assert.deepEqual(registersWith('arm', 'pread64', args), [...args.slice(0, 3), 0n, 3n, 4n]);
});
