/** Calls by which a process reaches what a policy refuses under another name. */

/** Calls that change a file's mode. */
export const CHANGING_MODES: readonly string[] = ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'];

/** Calls that do the same, so that who refuses one means all. */
export const ALIKE: readonly (readonly string[])[] = [
  ['execve', 'execveat'],
  ['creat', 'open', 'openat', 'openat2'],
  ['fork', 'vfork', 'clone', 'clone3'],
  CHANGING_MODES,
  ['kill', 'pidfd_send_signal', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo', 'tgkill', 'tkill'],
  ['fgetxattr', 'getxattr', 'getxattrat', 'lgetxattr'],
  ['flistxattr', 'listxattr', 'listxattrat', 'llistxattr'],
  ['fremovexattr', 'lremovexattr', 'removexattr', 'removexattrat'],
  ['fsetxattr', 'lsetxattr', 'setxattr', 'setxattrat'],
];

/** Calls that do what others do, and more, so that they may be refused for that alone; each after those others. */
export const WIDER: readonly (readonly string[])[] = [
  // With a key of -1 (pkey_mprotect(2)).
  ['mprotect', 'pkey_mprotect'],
  // Both in one (fs/namespace.c of Linux 6.15).
  ['mount_setattr', 'open_tree', 'open_tree_attr'],
];

/** Calls that do the same for a rule on arguments: `clone3` and `openat2` have theirs in memory. */
export const ALIKE_FOR_RULES: readonly (readonly string[])[] = [
  ['execve', 'execveat'],
  ['creat', 'open', 'openat', 'openat2'],
  ['clone', 'clone3'],
];

/** Calls that make memory writable or executable, each by its third argument: PROT_EXEC, SHM_EXEC (shmat(2)). */
export const PROTECTING: readonly string[] = ['mmap', 'mmap2', 'mprotect', 'pkey_mprotect', 'shmat'];
export const PROTECTION = 2;

/**
 * Calls of which io_uring does what they do for a process that never makes them (io_uring_enter(2), "Opcodes"; IORING_OP_*
 * and SOCKET_URING_OP_* in linux/io_uring.h of Linux 6.18).
 */
export const BY_IO_URING: ReadonlySet<string> = new Set(
  (
    'accept accept4 bind close connect creat epoll_ctl epoll_pwait epoll_pwait2 epoll_wait fadvise64 fallocate fdatasync ' +
    'fgetxattr fsetxattr fsync ftruncate ftruncate64 futex futex_waitv getsockopt getxattr link linkat listen madvise mkdir ' +
    'mkdirat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readv recv recvfrom ' +
    'recvmmsg recvmsg rename renameat renameat2 rmdir send sendmmsg sendmsg sendto setsockopt setxattr shutdown socket ' +
    'splice statx symlink symlinkat sync_file_range tee unlink unlinkat waitid write writev'
  ).split(' '),
);
