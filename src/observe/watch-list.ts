/** The calls whose arguments are worth a rule or are evidence for a directive, and those that are looked at when they return. */

import { type Abi, abisOf, MACHINES, type Machine } from '../seccomp/syscalls/abi.js';
import { numbersOf } from '../seccomp/syscalls/numbers.js';
import type { ObservedAbi, WatchedArguments } from './observed.js';

/** An argument that is watched, two of them, or memory that one points at. */
export interface WatchedArgument {
  readonly call: string;
  /** Which arguments, from 0 on. */
  readonly arguments: readonly [number] | readonly [number, number];
  /** Bytes at an offset of what the argument points at; undefined for the argument itself. */
  readonly memory?: { readonly offset: number; readonly size: 4 | 8 };
  /** Whether all 64 bits count; else the lower 32, as the kernel takes an int. */
  readonly isWide?: boolean;
}

const one = (call: string, argument: number): WatchedArgument => ({ call, arguments: [argument] });
const two = (call: string, first: number, second: number): WatchedArgument => ({
  call,
  arguments: [first, second],
});

/** All watched arguments. A call has at most two rows. */
export const WATCHED: readonly WatchedArgument[] = [
  ...[two('socket', 0, 1), one('socket', 2), two('socketpair', 0, 1), one('socketcall', 0), one('ipc', 0)],
  ...[two('setsockopt', 1, 2), two('getsockopt', 1, 2), one('accept4', 3)],
  { call: 'clone', arguments: [0], isWide: true },
  ...[one('unshare', 0), one('setns', 1)],
  ...[one('personality', 0), one('prctl', 0), one('arch_prctl', 0), one('seccomp', 0)],
  ...[one('ioctl', 1), one('fcntl', 1), one('fcntl64', 1)],
  ...[one('mmap', 2), one('mmap', 3), one('mmap2', 2), one('mmap2', 3)],
  ...[one('mprotect', 2), one('pkey_mprotect', 2), one('shmat', 2), one('madvise', 2)],
  ...[one('memfd_create', 1), one('mlockall', 0)],
  ...[one('open', 1), one('openat', 2), one('unlinkat', 2), one('renameat2', 4)],
  ...[one('umask', 0), one('chmod', 1), one('fchmod', 1), one('fchmodat', 2), one('fchmodat2', 2)],
  ...[one('mkdir', 1), one('mkdirat', 2), one('mknod', 1), one('mknodat', 2)],
  ...[one('kill', 1), one('tgkill', 2), one('tkill', 1), one('rt_sigqueueinfo', 1)],
  // The policy is the second field of struct sched_attr (linux/sched/types.h).
  { call: 'sched_setattr', arguments: [1], memory: { offset: 4, size: 4 } },
  ...[one('sched_setscheduler', 1), two('setpriority', 0, 2)],
  ...[one('prlimit64', 1), one('setrlimit', 0)],
  ...[one('clock_settime', 0), one('timer_create', 0), one('timerfd_create', 0), one('ptrace', 0)],
  ...[one('mount', 3), one('umount2', 1)],
  ...[one('keyctl', 0), one('bpf', 0), one('quotactl', 0), one('reboot', 2), one('syslog', 0)],
  ...[one('io_uring_register', 1), one('quotactl_fd', 1)],
];

/** The kinds of a look; from `bind` on they take the socket from the first argument. */
export type LookKind =
  /** The argument after the path has the flags; with `open-how` it points at them. */
  | 'open'
  | 'open-how'
  | 'create'
  | 'mmap'
  | 'stat'
  /** The argument after the path is a mode: a program that asks whether a file may be written wishes to change it. */
  | 'access'
  | 'chdir'
  | 'chroot'
  | 'change-directory'
  /** Makes a file with a path; the argument after the path is its mode. */
  | 'make'
  /** Without a path, or where that is a null pointer, the descriptor's file is meant. */
  | 'change-attribute'
  /** Those that change a file's attributes. */
  | 'ioctl'
  | 'exec'
  /** Gives the process capabilities: sets that an argument points at, or without one by prctl(2). */
  | 'capabilities'
  | 'bind'
  | 'connect'
  | 'sendto'
  | 'sendmsg'
  | 'recvfrom'
  | 'recvmsg'
  | 'accept'
  | 'socketcall';

/** A call that is looked at when it returns. */
export interface InspectedCall {
  readonly call: string;
  readonly kind: LookKind;
  /** The argument that points at a path. */
  readonly path?: number;
  /** The argument that has the descriptor of the directory that the path is relative to, or of the file itself. */
  readonly base?: number;
}

const named = (
  kind: LookKind,
  calls: Readonly<Record<string, number | readonly [number, number]>>,
): InspectedCall[] =>
  Object.entries(calls).map(([call, place]) =>
    typeof place === 'number' ? { call, kind, path: place } : { call, kind, path: place[0], base: place[1] },
  );

/** Calls whose first argument is the descriptor of the file. */
const based = (kind: LookKind, ...calls: readonly string[]): InspectedCall[] =>
  calls.map((call) => ({ call, kind, base: 0 }));

const plain = (kind: LookKind, ...calls: readonly string[]): InspectedCall[] =>
  calls.map((call) => ({ call, kind }));

/** All looks. Calls that rename are looked at twice: for the old name, and for the new one. */
export const LOOKS: readonly InspectedCall[] = [
  ...[...named('open', { open: 0, openat: [1, 0] }), ...named('open-how', { openat2: [1, 0] })],
  ...named('create', { creat: 0 }),
  ...plain('open', 'open_by_handle_at'),
  ...plain('mmap', 'mmap', 'mmap2'),
  ...named('stat', { stat: 0, lstat: 0, stat64: 0, lstat64: 0, readlink: 0, statfs: 0 }),
  ...named('stat', { newfstatat: [1, 0], fstatat64: [1, 0], statx: [1, 0] }),
  ...named('stat', { readlinkat: [1, 0], inotify_add_watch: 1, statfs64: 0 }),
  ...named('access', { access: 0, faccessat: [1, 0], faccessat2: [1, 0] }),
  ...named('stat', { getxattr: 0, lgetxattr: 0, listxattr: 0, llistxattr: 0, getxattrat: [1, 0] }),
  ...named('stat', { listxattrat: [1, 0], name_to_handle_at: [1, 0], open_tree: [1, 0] }),
  ...[...named('chdir', { chdir: 0 }), ...plain('chdir', 'fchdir'), ...named('chroot', { chroot: 0 })],
  ...named('exec', { execve: 0, execveat: [1, 0] }),
  ...named('make', { mkdir: 0, mkdirat: [1, 0], mknod: 0, mknodat: [1, 0] }),
  ...named('change-directory', { unlink: 0, unlinkat: [1, 0], rmdir: 0 }),
  ...named('change-directory', { symlink: 1, symlinkat: [2, 1], link: 1 }),
  ...named('change-directory', { linkat: [3, 2], rename: 1, renameat: [3, 2], renameat2: [3, 2] }),
  ...named('change-directory', { rename: 0, renameat: [1, 0], renameat2: [1, 0] }),
  ...named('change-attribute', { chmod: 0, fchmodat: [1, 0], fchmodat2: [1, 0], chown: 0, lchown: 0 }),
  ...named('change-attribute', {
    fchownat: [1, 0],
    utimensat: [1, 0],
    utimes: 0,
    truncate: 0,
    truncate64: 0,
  }),
  ...named('change-attribute', { setxattr: 0, lsetxattr: 0, removexattr: 0, lremovexattr: 0 }),
  ...named('change-attribute', { setxattrat: [1, 0], removexattrat: [1, 0], utime: 0, futimesat: [1, 0] }),
  ...named('change-attribute', { chown32: 0, lchown32: 0, utimensat_time64: [1, 0] }),
  ...based('change-attribute', 'fchmod', 'fchown', 'fchown32', 'fsetxattr', 'fremovexattr'),
  ...based('ioctl', 'ioctl'),
  ...[...named('capabilities', { capset: 1 }), ...plain('capabilities', 'prctl')],
  ...[...plain('bind', 'bind'), ...plain('connect', 'connect'), ...plain('sendto', 'sendto')],
  ...[...plain('sendmsg', 'sendmsg', 'sendmmsg'), ...plain('recvfrom', 'recvfrom')],
  ...[...plain('recvmsg', 'recvmsg'), ...plain('accept', 'accept', 'accept4')],
  ...plain('socketcall', 'socketcall'),
];

const OBSERVED_ABIS = new Map(MACHINES.map((machine) => [machine, observedOn(machine)]));

/** The observer's names of a machine's ABIs. */
export const observedAbis = (machine: Machine): ReadonlyMap<ObservedAbi, Abi> => OBSERVED_ABIS.get(machine)!;

function observedOn(machine: Machine): ReadonlyMap<ObservedAbi, Abi> {
  const [native, ...others] = abisOf(machine);
  const compat = others.find((abi) => abi !== 'x32');
  const named: [ObservedAbi, Abi | undefined][] = [
    ['native', native],
    ['compat', compat],
    ['x32', others.find((abi) => abi === 'x32')],
  ];
  return new Map(named.filter((row): row is [ObservedAbi, Abi] => row[1] !== undefined));
}

/** The number of a call on an ABI. The old mmap of x86 has its arguments in memory. */
const numberOn = (abi: Abi, call: string): number | undefined =>
  abi === 'x86' && call === 'mmap' ? undefined : numbersOf(abi).get(call);

/** A watched argument of one ABI: its place in this list is the number that the observer knows it by. */
export interface NumberedArgument {
  readonly abi: ObservedAbi;
  readonly number: number;
  readonly watched: WatchedArgument;
}

/** The watched arguments on a machine, in the order in which the observer is told of them. */
export const watchedOn = (machine: Machine): readonly NumberedArgument[] =>
  [...observedAbis(machine)].flatMap(([abi, name]) =>
    WATCHED.flatMap((watched) => {
      const number = numberOn(name, watched.call);
      return number === undefined ? [] : [{ abi, number, watched }];
    }),
  );

const watchLine = ({ abi, number, watched }: NumberedArgument): string => {
  const [first, second = '-'] = watched.arguments;
  const { offset, size } = watched.memory ?? { offset: 0, size: 0 };
  // Of two arguments 32 bits each are kept, so that a mask would take one of them away.
  const isWhole = watched.isWide || watched.memory || watched.arguments.length > 1;
  const mask = isWhole ? '0' : 'ffffffff';
  return `watch ${abi} ${number} ${first} ${second} ${size} ${offset} ${mask}`;
};

/** The line that has the observer keep whole values of argument registers, one or two. */
export function argumentsLine(
  machine: Machine,
  { abi, name, arguments: registers }: WatchedArguments,
): string {
  const number = numbersOf(observedAbis(machine).get(abi)!).get(name);
  return `watch ${abi} ${number} ${registers[0]} ${registers[1] ?? '-'} 0 0 0`;
}

/** The lines that tell the observer what to look at. */
export function configuration(machine: Machine): string[] {
  const looks = [...observedAbis(machine)].flatMap(([abi, name]) =>
    LOOKS.flatMap(({ call, kind, path = '-', base = '-' }) => {
      const number = numberOn(name, call);
      return number === undefined ? [] : [`look ${abi} ${number} ${kind} ${path} ${base}`];
    }),
  );
  return [...watchedOn(machine).map(watchLine), ...looks];
}
