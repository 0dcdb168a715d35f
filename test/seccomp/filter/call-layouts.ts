/**
 * Where calls of x86-64 machines have their arguments, as the kernel takes them from the registers: from syscalls(2),
 * syscall(2), and the entry points of arch/x86/entry/syscalls (sys_ia32.c, fs/read_write.c, ipc/syscall.c, net/compat.c).
 */

/** The conventions of an x86-64 machine, by systemd's names. */
export type Convention = 'x86-64' | 'x32' | 'x86';

/** Registers of an argument: one, or those of its lower and its upper half; none of one that the kernel doesn't look at. */
export type Place = readonly number[];

/** By the argument's position on x86-64, or, of a call that only x86 has, in its own prototype. */
type Layout = readonly Place[];

const POSITIONED: Layout = [[0], [1], [2], [3, 4]];
/** Position 4 is an upper half of the offset, which 64-bit kernels ignore. */
const WITH_FLAGS: Layout = [[0], [1], [2], [3, 4], [], [5]];

/** Calls of x86 with 64-bit arguments in two registers, and clone(2), which has its last two the other way round. */
const ON_X86: ReadonlyMap<string, Layout> = new Map<string, Layout>([
  ['pread64', POSITIONED],
  ['pwrite64', POSITIONED],
  ['preadv', POSITIONED],
  ['pwritev', POSITIONED],
  ['preadv2', WITH_FLAGS],
  ['pwritev2', WITH_FLAGS],
  ['truncate64', [[0], [1, 2]]],
  ['ftruncate64', [[0], [1, 2]]],
  ['readahead', [[0], [1, 2], [3]]],
  ['fadvise64', [[0], [1, 2], [3], [4]]],
  ['fadvise64_64', [[0], [1, 2], [3, 4], [5]]],
  ['sync_file_range', [[0], [1, 2], [3, 4], [5]]],
  ['fallocate', [[0], [1], [2, 3], [4, 5]]],
  ['fanotify_mark', [[0], [1], [2, 3], [4], [5]]],
  ['lookup_dcookie', [[0, 1], [2], [3]]],
  ['clone', [[0], [1], [2], [4], [3]]],
]);

/** The offset is in one register there, and the flags follow it (compat_sys_preadv64v2). */
const ON_X32: ReadonlyMap<string, Layout> = new Map<string, Layout>(
  ['preadv2', 'pwritev2'].map((name) => [name, [[0], [1], [2], [3], [], [4]]]),
);

const PLAIN: Layout = [[0], [1], [2], [3], [4], [5]];

/** The places of a call's arguments; none where there is nothing that a rule could look at. */
export function layoutOf(convention: Convention, name: string): Layout {
  if (convention === 'x86-64') return PLAIN;
  return (convention === 'x86' ? ON_X86 : ON_X32).get(name) ?? PLAIN;
}

/** Arguments of x86 that are IDs of 16 bits (kernel/uid16.c). */
const SHORT_ON_X86: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...['setuid', 'setgid', 'setfsuid', 'setfsgid'].map((name) => [name, [0]] as const),
  ...['setreuid', 'setregid'].map((name) => [name, [0, 1]] as const),
  ...['setresuid', 'setresgid'].map((name) => [name, [0, 1, 2]] as const),
  ...['chown', 'lchown', 'fchown'].map((name) => [name, [1, 2]] as const),
]);

/** Modes of files, of which the kernel takes 16 bits in all conventions (umode_t in linux/types.h). */
const MODES: ReadonlyMap<string, number> = new Map([
  ...['chmod', 'creat', 'fchmod', 'mkdir', 'mknod'].map((name) => [name, 1] as const),
  ...['open', 'mq_open', 'fchmodat', 'fchmodat2', 'mkdirat', 'mknodat'].map((name) => [name, 2] as const),
  ['openat', 3],
]);

/** Calls of x86 with one pointer to their arguments (old_mmap, old_select). */
const IN_MEMORY: readonly string[] = ['mmap', 'select'];

/** Whether a filter can't see a call's argument as the kernel takes it. */
export const isHidden = (convention: Convention, name: string, position: number): boolean =>
  convention === 'x86' && (IN_MEMORY.includes(name) || (SHORT_ON_X86.get(name)?.includes(position) ?? false));

/** Positions of which a rule on a call has a meaning in all conventions. */
export function positionsOf(name: string): number[] {
  const short = SHORT_ON_X86.get(name);
  if (short !== undefined) return short.includes(0) ? [...short] : [0, ...short];
  return (ON_X86.get(name) ?? PLAIN).flatMap((place, position) => (place.length > 0 ? [position] : []));
}

/** Calls whose arguments x86 has elsewhere, in memory, cut or extended, and the two that make others. */
export const unusualCalls = (): string[] => [
  ...ON_X86.keys(),
  ...IN_MEMORY,
  ...['setuid', 'chown', 'lseek', 'socketcall', 'ipc', 'chmod', 'openat'],
];

/** Arguments of x86 that are long or off_t, extended by their sign (fs/read_write.c, fs/open.c, ipc/msg.c). */
const SIGNED_ON_X86: ReadonlyMap<string, readonly number[]> = new Map([
  ['lseek', [1]],
  ['msgrcv', [3]],
]);

/** The same of newer kernels alone, or of what fails as a negative and as a large number. */
const PERHAPS_SIGNED_ON_X86: ReadonlyMap<string, readonly number[]> = new Map([
  ['truncate', [1]],
  ['ftruncate', [1]],
  ['ptrace', [0]],
  ['msgsnd', [2]],
  ['msgrcv', [2]],
  ['io_getevents', [1, 2]],
  ['io_pgetevents', [1, 2]],
]);

/** How these are read: with zeros above their 32 bits, or with their sign. */
export type Unsettled = 'zeros' | 'sign';

function isSigned(name: string, position: number, unsettled: Unsettled): boolean {
  const has = (some: ReadonlyMap<string, readonly number[]>) => some.get(name)?.includes(position) ?? false;
  return has(SIGNED_ON_X86) || (unsettled === 'sign' && has(PERHAPS_SIGNED_ON_X86));
}

/** Calls that have numbers of their own on x32, from 512 on. */
const OWN_ON_X32: ReadonlySet<string> = new Set([
  ...['rt_sigaction', 'rt_sigreturn', 'ioctl', 'readv', 'writev', 'recvfrom', 'sendmsg', 'recvmsg', 'execve'],
  ...['ptrace', 'rt_sigpending', 'rt_sigtimedwait', 'rt_sigqueueinfo', 'sigaltstack', 'timer_create'],
  ...['mq_notify', 'kexec_load', 'waitid', 'set_robust_list', 'get_robust_list', 'vmsplice', 'move_pages'],
  ...['preadv', 'pwritev', 'rt_tgsigqueueinfo', 'recvmmsg', 'sendmmsg', 'process_vm_readv'],
  ...['process_vm_writev', 'setsockopt', 'getsockopt', 'io_setup', 'io_submit', 'execveat'],
  ...['preadv2', 'pwritev2'],
]);

/** Of these the offset is a loff_t (fs/read_write.c). */
const WITH_OFFSET = ['preadv', 'pwritev', 'preadv2', 'pwritev2'];

/**
 * Whether no filter is to say anything of more than 32 bits of an argument: x32's own calls have 32 bits of numbers and
 * 64 of pointers, and it changed from version to version which (linux/compat.h).
 */
export const isHalfHidden = (convention: Convention, name: string, position: number): boolean =>
  convention === 'x32' && OWN_ON_X32.has(name) && !(WITH_OFFSET.includes(name) && position === 3);

/** The value of an argument. x86 takes but the lower halves of registers, whatever is above. */
export function argumentAt(
  convention: Convention,
  name: string,
  position: number,
  registers: readonly bigint[],
  unsettled: Unsettled,
): bigint {
  const [low, high] = layoutOf(convention, name)[position] ?? [];
  const at = (register: number | undefined) => (register === undefined ? 0n : registers[register]!);
  if (MODES.get(name) === position) return BigInt.asUintN(16, at(low));
  if (convention !== 'x86') return at(low);
  if (isSigned(name, position, unsettled)) return BigInt.asUintN(64, BigInt.asIntN(32, at(low)));
  return BigInt.asUintN(32, at(low)) | (BigInt.asUintN(32, at(high)) << 32n);
}

/** linux/net.h: what socketcall(2) makes by its first argument, from 1 on. */
const SOCKETCALL = [
  ...['socket', 'bind', 'connect', 'listen', 'accept', 'getsockname', 'getpeername', 'socketpair'],
  ...['send', 'recv', 'sendto', 'recvfrom', 'shutdown', 'setsockopt', 'getsockopt', 'sendmsg'],
  ...['recvmsg', 'accept4', 'recvmmsg', 'sendmmsg'],
];

/** linux/ipc.h: what ipc(2) makes by the lower half of the 32 bits of its first argument. */
const IPC: ReadonlyMap<number, string> = new Map([
  [1, 'semop'],
  [2, 'semget'],
  [3, 'semctl'],
  [4, 'semtimedop'],
  [11, 'msgsnd'],
  [12, 'msgrcv'],
  [13, 'msgget'],
  [14, 'msgctl'],
  [21, 'shmat'],
  [22, 'shmdt'],
  [23, 'shmget'],
  [24, 'shmctl'],
]);

/** send(2) and recv(2): each is the other call with a null pointer for the address. */
const WITHOUT_ADDRESS: Readonly<Record<string, string>> = { send: 'sendto', recv: 'recvfrom' };

/** The call that socketcall(2) or ipc(2) makes, with its arguments in memory, by its names; none for no or another call. */
export function madeBy(name: string, registers: readonly bigint[]): readonly string[] {
  const selector = Number(BigInt.asUintN(32, registers[0]!));
  const made = { socketcall: SOCKETCALL[selector - 1], ipc: IPC.get(selector & 0xffff) }[name];
  return [made, WITHOUT_ADDRESS[made ?? '']].filter((one) => one !== undefined);
}

/** Every call that these two make. */
export const multiplexedCalls = (): string[] => [...new Set([...SOCKETCALL, ...IPC.values()])];
