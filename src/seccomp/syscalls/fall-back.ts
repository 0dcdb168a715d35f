/** Calls that a program does without where the kernel answers ENOSYS. */

/**
 * Calls that C libraries make first and replace by an older one where they get ENOSYS (glibc's sysdeps/unix/sysv/linux;
 * musl's src). Programs that call io_uring do the same.
 */
export const LIBRARIES_FALL_BACK: readonly string[] = (
  'clone3 close_range epoll_pwait2 faccessat2 fchmodat2 io_uring_enter io_uring_register io_uring_setup openat2 ' +
  'rseq statx'
).split(' ');

/** Newer calls of which programs themselves find out whether they are there. */
export const PROGRAMS_FALL_BACK: readonly string[] = (
  'copy_file_range futex_waitv landlock_create_ruleset membarrier mseal pidfd_open pidfd_send_signal preadv2 pwritev2 ' +
  'renameat2'
).split(' ');
