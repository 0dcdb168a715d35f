import { ALLOW } from '../syscalls/action.js';
import { type NamedPolicy, verdictOn } from '../syscalls/resolve.js';

/**
 * What stage `entry` permits between the exec and the program's entry point whatever the policy says: the calls of the
 * dynamic linkers of glibc and musl, of their loaders of libraries, of the constructors of usual libraries, which report
 * errors and look around, and `seccomp`, by which the tracer has the policy loaded. None of them starts anything,
 * connects to anything or changes a file that isn't open.
 */
export const START_CALLS: readonly string[] = (
  'access arch_prctl brk clock_getres clock_gettime close exit exit_group faccessat faccessat2 fcntl fstat fstatfs futex ' +
  'getcwd getdents64 getegid geteuid getgid getpid getppid getrandom gettid gettimeofday getuid lseek lstat ' +
  'madvise map_shadow_stack membarrier mmap mprotect mremap mseal munmap newfstatat open openat pread64 prctl prlimit64 ' +
  'read readlink readlinkat restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity ' +
  'sched_yield seccomp set_robust_list set_tid_address sigaltstack stat statfs statx sysinfo tgkill uname write writev'
).split(' ');

/**
 * What holds between the exec and the entry point: the policy, with the start-up calls open. What the unit's own filter
 * refuses stays refused but for `seccomp`, which the policy's program refuses again.
 */
export function atStart(named: NamedPolicy): NamedPolicy {
  const open = START_CALLS.map((call) => {
    const limit = call === 'seccomp' ? ALLOW : verdictOn(named, call).limit;
    return [call, { rules: [], otherwise: ALLOW, limit }] as const;
  });
  return { ...named, verdicts: new Map([...named.verdicts, ...open]) };
}
