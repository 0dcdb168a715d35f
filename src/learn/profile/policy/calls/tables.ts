/** Tables by which calls that were not seen are sorted. */

import { LIBRARIES_FALL_BACK, PROGRAMS_FALL_BACK } from '../../../../seccomp/syscalls/fall-back.js';

/** Calls for which C libraries or programs do something else where they get ENOSYS, and nothing else. */
export const FALL_BACK: ReadonlySet<string> = new Set([...LIBRARIES_FALL_BACK, ...PROGRAMS_FALL_BACK]);

/** Calls of a family do for a program what the others do: where one was seen, all of `adds` are allowed. */
export interface Family {
  readonly seen: readonly string[];
  readonly adds: readonly string[];
  /** Why the next library, host or load may take another one. */
  readonly reason: string;
}

const words = (text: string): string[] => text.split(' ');

const either = (calls: string, reason: string): Family => ({
  seen: words(calls),
  adds: words(calls),
  reason,
});

/** Old calls with the newer ones that C libraries take in their place. They don't go back to an old one. */
const newer = (calls: string): Family => {
  const [old, ...others] = words(calls);
  return { seen: [old!], adds: others, reason: 'newer C libraries use it instead' };
};

const MANY_BUFFERS = 'C libraries use either, depending on the number of buffers';

/**
 * Families, kept small: calls that a library reaches and that weren't seen are let through and logged anyway. These
 * are calls that the next library takes in the place of one that was seen, or that a load takes besides.
 */
export const FAMILIES: readonly Family[] = [
  newer('open openat'),
  newer('stat newfstatat'),
  newer('lstat newfstatat'),
  either('fstat newfstatat', 'glibc 2.33 to 2.38 use newfstatat for fstat(2)'),
  newer('access faccessat'),
  newer('getdents getdents64'),
  newer('poll ppoll'),
  newer('select pselect6'),
  newer('epoll_wait epoll_pwait'),
  newer('dup2 dup3'),
  newer('pipe pipe2'),
  newer('wait4 waitid'),
  newer('nanosleep clock_nanosleep'),
  either('read readv', MANY_BUFFERS),
  either('write writev', MANY_BUFFERS),
  newer('mkdir mkdirat'),
  newer('rmdir unlinkat'),
  newer('unlink unlinkat'),
  newer('rename renameat'),
  newer('link linkat'),
  newer('symlink symlinkat'),
  newer('readlink readlinkat'),
  newer('chmod fchmodat'),
  newer('chown fchownat'),
  newer('lchown fchownat'),
  newer('mknod mknodat'),
  newer('utime utimensat'),
  newer('utimes utimensat'),
  newer('epoll_create epoll_create1'),
  newer('eventfd eventfd2'),
  newer('signalfd signalfd4'),
  newer('inotify_init inotify_init1'),
  newer('accept accept4'),
  newer('getrlimit prlimit64'),
  newer('setrlimit prlimit64'),
  newer('getpgrp getpgid'),
  {
    seen: ['clone', 'clone3', 'fork', 'vfork'],
    adds: ['clone'],
    reason: 'fork(3) and threads may use clone instead',
  },
  {
    seen: ['setresuid', 'setreuid', 'setuid'],
    adds: ['chown', 'fchown'],
    reason: 'a daemon that changes its user gives new logs to that user after a rotation',
  },
  {
    seen: ['brk', 'mmap'],
    adds: ['brk', 'mmap', 'mremap', 'munmap', 'madvise'],
    reason: 'malloc(3) uses another one as memory grows',
  },
];

/** Calls that the kernel makes itself, or that every process ends by. */
export const BY_THE_KERNEL: readonly string[] = [
  ...['exit', 'exit_group', 'restart_syscall', 'rt_sigreturn'],
  // While uprobes trace a library: only x86-64 has it.
  'uretprobe',
];

/**
 * Calls in the place of which the vDSO answers (vdso(7)), until it can't: with another clock source, as after a
 * migration, each is a call. Locks ask the kernel only where threads meet.
 */
export const BY_THE_VDSO: readonly string[] = [
  ...['clock_gettime', 'futex', 'getcpu', 'getrandom', 'gettimeofday', 'time'],
];

/** Sets and calls that an attacker wants first. They are refused unless they were seen, however reachable. */
export const NEVER_LOGGED: readonly string[] = words(
  '@cpu-emulation @debug @keyring @module @mount @obsolete @pkey @raw-io @reboot @swap ' +
    'acct bpf execve execveat fanotify_init io_uring_enter io_uring_register io_uring_setup kcmp name_to_handle_at ' +
    'open_by_handle_at open_tree_attr personality process_madvise process_vm_readv process_vm_writev quotactl quotactl_fd ' +
    'remap_file_pages setns syslog unshare userfaultfd vhangup',
);

/**
 * Calls that systemd's sets name and its libseccomp doesn't know yet: SystemCallLog= can't name them. They are refused
 * unless they were seen.
 */
export const NOT_LOGGED_YET: readonly string[] = ['file_getattr', 'file_setattr'];
