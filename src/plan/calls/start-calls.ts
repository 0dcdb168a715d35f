import { ALLOW } from '../../seccomp/syscalls/action.js';
import type { NamedPolicy, NamedVerdict } from '../../seccomp/syscalls/named-policy.js';
import { verdictOn } from '../../seccomp/syscalls/resolve.js';
import { NO_SYSCALLS, type RuleEntry } from '../../seccomp/syscalls/section.js';

/**
 * The calls that stage `entry` permits between the exec and the program's entry point, whatever the policy says. The
 * dynamic linkers and library loaders of glibc and musl make them, and the constructors of usual libraries, which
 * report errors and look around. By `seccomp` the tracer has the policy loaded. None of these calls starts anything,
 * connects to anything or changes a file that isn't open: {@link OPENING} calls are for reading only.
 */
export const START_CALLS: readonly string[] = (
  'access arch_prctl brk clock_getres clock_gettime close exit exit_group faccessat faccessat2 fcntl fstat fstatfs futex ' +
  'getcwd getdents64 getegid geteuid getgid getpid getppid getrandom gettid gettimeofday getuid lseek lstat ' +
  'madvise map_shadow_stack membarrier mmap mprotect mremap mseal munmap newfstatat open openat pread64 prctl prlimit64 ' +
  'read readlink readlinkat restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity ' +
  'sched_yield seccomp set_robust_list set_tid_address sigaltstack stat statfs statx sysinfo tgkill uname write writev'
).split(' ');

/** The start-up calls that open files, and the index of the argument with their flags. */
const OPENING: ReadonlyMap<string, number> = new Map([
  ['open', 1],
  ['openat', 2],
]);

/** The bit of O_TMPFILE besides O_DIRECTORY, with which folders are read. */
const OWN_TMPFILE = '0x400000';

/** All flags of an open that can write to a file, create or empty one. */
const CHANGING = `O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|${OWN_TMPFILE}`;

const { at } = NO_SYSCALLS;

/** A rule that permits a call for opening a file to read only. */
const reading = (call: string, arg: number): RuleEntry => ({
  syscall: { value: call, at },
  when: [{ arg, op: 'bits-clear', width: 32, operands: [{ value: CHANGING, at }], at }],
  action: { value: ALLOW, at },
  at,
});

function openAtStart(named: NamedPolicy, call: string): NamedVerdict {
  const { rules, otherwise, limit } = verdictOn(named, call);
  const flags = OPENING.get(call);
  if (flags !== undefined) return { rules: [reading(call, flags), ...rules], otherwise, limit };
  return { rules: [], otherwise: ALLOW, limit: call === 'seccomp' ? ALLOW : limit };
}

/**
 * The policy in force between the exec and the entry point: start-up calls are open. Refusals of the unit's own filter
 * stay, but for `seccomp`, which the policy's program refuses again.
 */
export function atStart(named: NamedPolicy): NamedPolicy {
  const open = START_CALLS.map((call) => [call, openAtStart(named, call)] as const);
  return { ...named, verdicts: new Map([...named.verdicts, ...open]) };
}
