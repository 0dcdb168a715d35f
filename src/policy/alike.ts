/** Groups of calls that do the same under several names: a policy that refuses one of them refuses nothing. */

export const CHANGING_MODES: readonly string[] = ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'];

/** Calls that start a process or a thread. */
export const FORKING: readonly string[] = ['fork', 'vfork', 'clone', 'clone3'];

/** Groups of calls of which each does what the others do: a policy that refuses one means all of them. */
export const ALIKE: readonly (readonly string[])[] = [
  ['execve', 'execveat'],
  ['creat', 'open', 'openat', 'openat2'],
  FORKING,
  CHANGING_MODES,
  ['kill', 'pidfd_send_signal', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo', 'tgkill', 'tkill'],
  ['fgetxattr', 'getxattr', 'getxattrat', 'lgetxattr'],
  ['flistxattr', 'listxattr', 'listxattrat', 'llistxattr'],
  ['fremovexattr', 'lremovexattr', 'removexattr', 'removexattrat'],
  ['fsetxattr', 'lsetxattr', 'setxattr', 'setxattrat'],
];

/** Groups of calls of which the last does what the others do, and more. Refusing the last one alone is no mistake. */
export const WIDER: readonly (readonly string[])[] = [
  // pkey_mprotect(2) with a key of -1 is mprotect(2).
  ['mprotect', 'pkey_mprotect'],
  // `open_tree_attr` does both (fs/namespace.c of Linux 6.15).
  ['mount_setattr', 'open_tree', 'open_tree_attr'],
];

/**
 * Groups of calls for which a rule on arguments of one is not enough: `clone3` and `openat2` have their arguments in
 * memory.
 */
export const ALIKE_FOR_RULES: readonly (readonly string[])[] = [
  ['execve', 'execveat'],
  ['creat', 'open', 'openat', 'openat2'],
  ['clone', 'clone3'],
];

/** Calls whose third argument can make memory writable or executable: PROT_WRITE, PROT_EXEC, SHM_EXEC (shmat(2)). */
export const PROTECTING: readonly string[] = ['mmap', 'mmap2', 'mprotect', 'pkey_mprotect', 'shmat'];
export const PROTECTION = 2;

/**
 * Calls whose work io_uring does for a process that never makes them (io_uring_enter(2), "Opcodes"; IORING_OP_* and
 * SOCKET_URING_OP_* in linux/io_uring.h of Linux 6.18).
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
