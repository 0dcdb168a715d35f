/**
 * The registers of calls' arguments. A rule counts arguments as the prototype on 64-bit machines does, or as the 32-bit
 * prototype for a call that only 32-bit ABIs have. An argument of 64 bits counts as one.
 */
import { ABIS, type Abi } from './abi.js';
import { numbersOf } from './numbers.js';

/** Registers, 0 to 5, that hold an argument. */
export interface ArgumentRegisters {
  /** The register that holds the whole argument, or its lower half. */
  readonly register: number;
  /** The register whose lower half is the argument's upper half, on ABIs that pass 64 bits in two registers. */
  readonly upper?: number;
  /** The number of bits of the argument that the kernel takes. */
  readonly bits: 16 | 32 | 64;
  /** Whether the kernel extends the argument from 32 to 64 bits by its sign, not by zeros. */
  readonly signed?: true;
}

/** An argument that no filter can compare with the value that the kernel takes. */
export interface Hidden {
  /** The reason, as text that follows the call's name: `has its arguments in memory`. */
  readonly why: string;
  /** A call of the same ABI that does the same and shows its arguments. */
  readonly instead?: string;
}

/**
 * Arguments of 64 bits that 32-bit ABIs pass in two registers, by call (arch/x86/kernel/sys_ia32.c,
 * arch/arm64/kernel/sys32.c, fs/notify/fanotify/fanotify_user.c, fs/dcookies.c of Linux 6.7).
 */
const WIDE: ReadonlyMap<string, readonly number[]> = new Map([
  ['arm_fadvise64_64', [2, 3]],
  ['fadvise64', [1]],
  ['fadvise64_64', [1, 2]],
  ['fallocate', [2, 3]],
  ['fanotify_mark', [2]],
  ['ftruncate64', [1]],
  ['lookup_dcookie', [0]],
  ['pread64', [3]],
  ['pwrite64', [3]],
  ['readahead', [1]],
  ['sync_file_range', [1, 2]],
  ['sync_file_range2', [2, 3]],
  ['truncate64', [1]],
]);

/**
 * Calls whose prototype has the position as two words, of which 64-bit machines ignore the second. x32 has the position
 * as one word, followed by the flags (fs/read_write.c, compat_sys_preadv64v2).
 */
const AT_POSITION: ReadonlySet<string> = new Set(['preadv', 'preadv2', 'pwritev', 'pwritev2']);
const POSITION = 3;

/**
 * Arguments of 32 bits on 32-bit ABIs that the kernel extends by their sign, in calls where a negative value is useful
 * (compat_sys_lseek in fs/read_write.c, compat_sys_msgrcv in ipc/msg.c).
 */
const SIGNED: ReadonlyMap<string, number> = new Map([
  ['lseek', 1],
  ['msgrcv', 3],
]);

/** The argument that is a file's mode, by call: 16 bits wide on every ABI (umode_t in include/linux/types.h). */
const MODES: ReadonlyMap<string, number> = new Map([
  ['chmod', 1],
  ['creat', 1],
  ['fchmod', 1],
  ['fchmodat', 2],
  ['fchmodat2', 2],
  ['mkdir', 1],
  ['mkdirat', 2],
  ['mknod', 1],
  ['mknodat', 2],
  ['mq_open', 2],
  ['open', 2],
  ['openat', 3],
]);

/**
 * Calls of x86 that take one pointer to their arguments, each with the call that takes them in registers
 * (arch/x86/entry/syscalls/syscall_32.tbl: old_mmap, old_select).
 */
const IN_MEMORY: ReadonlyMap<string, string> = new Map([
  ['mmap', 'mmap2'],
  ['select', '_newselect'],
]);

/**
 * Calls that take user and group IDs of 16 bits on 32-bit ABIs (kernel/uid16.c). The first argument of chown and its
 * like is a file.
 */
const SHORT_IDS = /^set(?:re|res|fs)?[ug]id$/;
const SHORT_IDS_OF_FILE = /^[fl]?chown$/;

/**
 * The argument that is an IPC command, by call. Arm's entry points take commands with and without IPC_64 and strip it,
 * so that no filter compares the rest (compat_ipc_parse_version in ipc/util.h, compat_sys_old_* in
 * arch/arm64/tools/syscall_32.tbl). x86 has calls that don't strip it.
 */
const IPC_COMMANDS: ReadonlyMap<string, number> = new Map([
  ['msgctl', 1],
  ['semctl', 2],
  ['shmctl', 1],
]);

/** The first number of x32's own calls (arch/x86/entry/syscalls/syscall_64.tbl). */
const X32_COMPAT = 512;

const REGISTERS = 6;

/**
 * The place of a call's argument, 0 to 5, on an ABI.
 * @param width the number of bits that are to be compared
 */
export function placeOf(
  abi: Abi,
  call: string,
  arg: number,
  width: 32 | 64 = 32,
): ArgumentRegisters | Hidden {
  if (MODES.get(call) === arg) return { register: arg, bits: 16 };
  if (abi === 'x32') return placeOnX32(call, arg, width);
  return ABIS[abi].registerBits === 64 ? { register: arg, bits: 64 } : placeOn32Bit(abi, call, arg);
}

/** The six registers of a call with these arguments, as far as the ABI has registers for them; the others are 0. */
export function registersWith(abi: Abi, call: string, args: readonly bigint[]): bigint[] {
  const registers = new Array<bigint>(REGISTERS).fill(0n);
  for (const [arg, value] of args.entries()) {
    const place = placeOf(abi, call, arg);
    if ('why' in place) continue;
    const { register, upper } = place;
    registers[register]! |= upper === undefined ? value : BigInt.asUintN(32, value);
    if (upper !== undefined) registers[upper]! |= value >> 32n;
  }
  return registers;
}

/** The argument at a place in six registers, with the bits that the kernel takes. */
export function argumentIn(registers: readonly bigint[], place: ArgumentRegisters): bigint {
  const { register, upper, bits, signed } = place;
  const low = BigInt.asUintN(upper === undefined ? bits : 32, registers[register]!);
  if (signed) return BigInt.asUintN(64, BigInt.asIntN(32, low));
  return upper === undefined ? low : (BigInt.asUintN(32, registers[upper]!) << 32n) | low;
}

/**
 * The place on x32. In x32's own calls the kernel takes 64 bits of pointers, and 32 bits of numbers except the
 * position.
 */
function placeOnX32(call: string, arg: number, width: 32 | 64): ArgumentRegisters | Hidden {
  const isCompat = (numbersOf('x32').get(call) ?? 0) >= X32_COMPAT;
  const hasPosition = AT_POSITION.has(call);
  if (!isCompat || (hasPosition && arg === POSITION)) return { register: arg, bits: 64 };
  if (width === 64) return { why: 'takes 32 bits of a number and 64 of a pointer' };
  return { register: hasPosition && arg > POSITION ? 9 - arg : arg, bits: 32 };
}

function placeOn32Bit(abi: Abi, call: string, arg: number): ArgumentRegisters | Hidden {
  const hidden = hiddenOn32Bit(abi, call, arg);
  if (hidden) return hidden;
  if (AT_POSITION.has(call) && arg === POSITION) return { register: arg, upper: arg + 1, bits: 64 };
  // x86-64 lacks CONFIG_CLONE_BACKWARDS, by which x86 has `tls` before `child_tid`.
  if (abi === 'x86' && call === 'clone' && (arg === 3 || arg === 4)) return { register: 7 - arg, bits: 32 };
  const wide = WIDE.get(call) ?? [];
  const register = firstRegister(abi, wide, arg);
  if (register >= REGISTERS) return { why: `has no register for an argument ${arg}` };
  if (wide.includes(arg)) return { register, upper: register + 1, bits: 64 };
  return SIGNED.get(call) === arg ? { register, bits: 32, signed: true } : { register, bits: 32 };
}

function hiddenOn32Bit(abi: Abi, call: string, arg: number): Hidden | undefined {
  const instead = abi === 'x86' ? IN_MEMORY.get(call) : undefined;
  if (instead !== undefined) return { why: 'has its arguments in memory, where no filter looks', instead };
  if (abi === 'arm' && IPC_COMMANDS.get(call) === arg)
    return { why: 'takes a command with and without IPC_64' };
  const isShort = SHORT_IDS.test(call) || (SHORT_IDS_OF_FILE.test(call) && arg > 0);
  return isShort ? { why: 'takes only 16 bits of an ID', instead: `${call}32` } : undefined;
}

/**
 * The register where an argument begins. On arm a 64-bit argument begins in an even register (Procedure Call Standard
 * for the Arm Architecture, "Parameter Passing").
 */
function firstRegister(abi: Abi, wide: readonly number[], arg: number): number {
  let register = 0;
  for (let at = 0; at < arg; at++) {
    register = wide.includes(at) ? evenOnArm(abi, register) + 2 : register + 1;
  }
  return wide.includes(arg) ? evenOnArm(abi, register) : register;
}

const evenOnArm = (abi: Abi, register: number): number =>
  abi === 'arm' ? register + (register % 2) : register;
