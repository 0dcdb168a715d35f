/** Calls that show where the kernel takes the arguments of 32-bit ABIs from. */
import { type Abi, kernelNumber } from '../../../src/seccomp/syscalls/abi.js';
import { registersWith } from '../../../src/seccomp/syscalls/arguments.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import type { Tries } from './kernel-tries.js';
import { callLine, type Way } from './try-filter.js';

/** try-filter's own file, and the memory that it fills. */
export const FILE = 100n;
export const MEMORY = 0x20000000n;
const [KIB4, GIB4] = [4096n, 1n << 32n];
/** For the upper halves of registers, which x86 calls don't have. */
export const DIRT = [0n, 0xdeadbeefn << 32n, 0xffffffffn << 32n, 1n << 63n];

/** A line that fills the memory. */
export const words = (...values: bigint[]): string =>
  `memory ${Buffer.from(Uint32Array.from(values.map((value) => Number(BigInt.asUintN(32, value)))).buffer).toString('hex')}`;

/** A line for a call of x86 with its arguments as 64-bit machines count them. */
export const x86Call = (name: string, args: readonly bigint[], dirt = 0n): string =>
  x86Registers(
    name,
    registersWith('x86', name, args).map((register) => register | dirt),
  );

/** A line for a call of x86 by its registers; those that are missing are 0. */
export const x86Registers = (name: string, registers: readonly bigint[], way: Way = 'int80'): string =>
  callLine(way, numbersOf('x86').get(name)!, Object.assign(new Array<bigint>(6).fill(0n), registers));

const EINVAL = 'returned -22';
const EFAULT = 'returned -14';
const EBADF = 'returned -9';
const DONE = 'returned 0';
const NEGATIVE = 1n << 63n;

/** Calls of x86 on an empty file, in turn. */
const X86: readonly [name: string, args: readonly bigint[], outcome: string][] = [
  // Four bytes behind the first 4 GiB, read back from the second of them on.
  ['pwrite64', [FILE, MEMORY, 4n, GIB4], 'returned 4'],
  ['pread64', [FILE, MEMORY, 4n, GIB4 + 1n], 'returned 3'],
  ['pread64', [FILE, MEMORY, 4n, 1n], 'returned 4'],
  ['pread64', [FILE, MEMORY, 0n, NEGATIVE], EINVAL],
  ['pwrite64', [FILE, MEMORY, 0n, NEGATIVE], EINVAL],
  ['ftruncate64', [FILE, GIB4 + 2n], DONE],
  ['pread64', [FILE, MEMORY, 4n, GIB4], 'returned 2'],
  ['ftruncate64', [FILE, NEGATIVE], EINVAL],
  ['truncate64', [MEMORY, NEGATIVE], EINVAL],
  ['truncate64', [MEMORY, GIB4], 'returned -2'],
  ['ftruncate64', [FILE, 0n], DONE],
  ['fallocate', [FILE, 0n, GIB4, 3n], DONE],
  ['pread64', [FILE, MEMORY, 4n, GIB4], 'returned 3'],
  ['fallocate', [FILE, 0n, NEGATIVE, 3n], EINVAL],
  ['fallocate', [FILE, 0n, 0n, NEGATIVE], EINVAL],
  ['sync_file_range', [FILE, 0n, KIB4, 0n], DONE],
  ['sync_file_range', [FILE, NEGATIVE, KIB4, 0n], EINVAL],
  ['sync_file_range', [FILE, 0n, NEGATIVE, 0n], EINVAL],
  ['sync_file_range', [FILE, 0n, KIB4, 64n], EINVAL],
  ['fadvise64', [FILE, GIB4, KIB4, 0n], DONE],
  ['fadvise64', [FILE, GIB4, KIB4, 64n], EINVAL],
  ['fadvise64_64', [FILE, GIB4, GIB4, 0n], DONE],
  ['fadvise64_64', [FILE, GIB4, NEGATIVE, 0n], EINVAL],
  ['fadvise64_64', [FILE, GIB4, GIB4, 64n], EINVAL],
  ['fanotify_mark', [0xffffffffn, 1n, 1n, 0n, MEMORY], EBADF],
  ['fanotify_mark', [0xffffffffn, 1n, GIB4, 0n, MEMORY], EINVAL],
  ['preadv', [FILE, MEMORY, 1n, GIB4 + 1n], 'returned 2'],
  ['preadv', [FILE, MEMORY, 1n, 1n], 'returned 4'],
  ['preadv', [FILE, MEMORY, 1n, NEGATIVE], EINVAL],
  ['pwritev', [FILE, MEMORY, 1n, NEGATIVE], EINVAL],
  ['preadv2', [FILE, MEMORY, 1n, GIB4 + 1n], 'returned 2'],
  ['preadv2', [FILE, MEMORY, 1n, GIB4 + 1n, 0n, 1n << 31n], 'returned -95'],
  ['pwritev2', [FILE, MEMORY, 1n, NEGATIVE], EINVAL],
  // SEEK_CUR: a negative offset is one.
  ['lseek', [FILE, 0xffffffffn, 1n], EINVAL],
  ['lseek', [FILE, 5n, 1n], 'returned 5'],
  // CLONE_SETTLS: the memory is no struct user_desc, and where there is none it can't be read.
  ['clone', [0x80011n, 0n, 0n, 0n, MEMORY], EINVAL],
  ['clone', [0x80011n, 0n, 0n, MEMORY, 0n], EFAULT],
];

/** All of them, with this above the lower halves of their registers. */
export function x86ArgumentTries(dirt: bigint): Tries {
  const lines = X86.map(([name, args]) => x86Call(name, args, dirt));
  return {
    lines: ['file', words(MEMORY + 8n, 4n), ...lines],
    expected: X86.map(([, , outcome]) => outcome),
  };
}

/** Calls of x32 on an empty file. */
const X32: typeof X86 = [
  ['pread64', [FILE, MEMORY, 4n, NEGATIVE], EINVAL],
  ['pread64', [FILE, MEMORY, 4n, GIB4], DONE],
  ['fallocate', [FILE, 0n, 0n, NEGATIVE], EINVAL],
  ['fallocate', [FILE, 0n, NEGATIVE, 1n], EINVAL],
  ['preadv', [FILE, MEMORY, 1n, NEGATIVE], EINVAL],
  ['preadv', [FILE, MEMORY, 1n, GIB4], DONE],
  ['pwritev2', [FILE, MEMORY, 1n, NEGATIVE], EINVAL],
  ['preadv2', [FILE, MEMORY, 1n, GIB4, NEGATIVE, 0n], DONE],
  ['preadv2', [FILE, MEMORY, 1n, GIB4, 0n, 1n << 31n], 'returned -95'],
];

export const x32ArgumentTries = (): Tries => ({
  lines: [
    ...['file', words(MEMORY + 8n, 4n)],
    ...X32.map(([name, args]) => {
      const { number, registers } = registersOf('x32', name, args);
      return callLine('native', kernelNumber('x32', number), registers);
    }),
  ],
  expected: X32.map(([, , outcome]) => outcome),
});

const [NO_FILE, STDIN] = [0xffffffffn, 0n];
const ERRNO = { none: 0, EBADF: 9, EFAULT: 14, EINVAL: 22 };

/** Calls of arm: on no file at all, where the kernel looks at the argument first, or on a file that can only be read. */
export const ARM: readonly [name: string, args: readonly bigint[], errno: number][] = [
  ['pread64', [NO_FILE, 0n, 0n, NEGATIVE], ERRNO.EINVAL],
  ['pread64', [NO_FILE, 0n, 0n, GIB4], ERRNO.EBADF],
  ['pwrite64', [NO_FILE, 0n, 0n, NEGATIVE], ERRNO.EINVAL],
  ['pwrite64', [NO_FILE, 0n, 0n, GIB4], ERRNO.EBADF],
  ['ftruncate64', [NO_FILE, NEGATIVE], ERRNO.EINVAL],
  ['ftruncate64', [NO_FILE, GIB4], ERRNO.EBADF],
  ['truncate64', [0n, NEGATIVE], ERRNO.EINVAL],
  ['truncate64', [0n, GIB4], ERRNO.EFAULT],
  ['fanotify_mark', [NO_FILE, 1n, GIB4], ERRNO.EINVAL],
  ['fanotify_mark', [NO_FILE, 1n, 1n], ERRNO.EBADF],
  ['preadv', [NO_FILE, 0n, 0n, NEGATIVE], ERRNO.EINVAL],
  ['preadv', [NO_FILE, 0n, 0n, GIB4], ERRNO.EBADF],
  ['pwritev2', [NO_FILE, 0n, 0n, NEGATIVE], ERRNO.EINVAL],
  ['fallocate', [STDIN, 0n, NEGATIVE, 1n], ERRNO.EINVAL],
  ['fallocate', [STDIN, 0n, 0n, NEGATIVE], ERRNO.EINVAL],
  ['fallocate', [STDIN, 0n, GIB4, GIB4], ERRNO.EBADF],
  ['sync_file_range2', [STDIN, 0n, NEGATIVE, KIB4], ERRNO.EINVAL],
  ['sync_file_range2', [STDIN, 0n, 0n, NEGATIVE], ERRNO.EINVAL],
  ['sync_file_range2', [STDIN, 64n, 0n, KIB4], ERRNO.EINVAL],
  ['sync_file_range2', [STDIN, 0n, GIB4, GIB4], ERRNO.none],
  ['arm_fadvise64_64', [STDIN, 0n, 0n, NEGATIVE], ERRNO.EINVAL],
  ['arm_fadvise64_64', [STDIN, 64n, 0n, 0n], ERRNO.EINVAL],
  ['arm_fadvise64_64', [STDIN, 0n, GIB4, GIB4], ERRNO.none],
];

/** The number and the registers of a call. */
export const registersOf = (abi: Abi, name: string, args: readonly bigint[]) => ({
  number: numbersOf(abi).get(name)!,
  registers: registersWith(abi, name, args),
});
