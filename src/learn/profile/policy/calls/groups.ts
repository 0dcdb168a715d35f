/** Calls as a list that a person reads: by subject, and by systemd's sets where all of one is meant. */

import type { Group } from '../../../../policy/toml-text.js';
import { callsOf } from '../../../../seccomp/syscalls/resolve.js';
import { bundledSets, type SyscallSets } from '../../../../seccomp/syscalls/sets.js';

/** Subjects in their order, with the sets and calls that belong there: the first that has a call takes it. */
const SUBJECTS: readonly (readonly [title: string, names: string])[] = [
  ['Memory', 'brk madvise mincore mmap mmap2 mprotect mremap mseal msync munmap @memlock @pkey'],
  [
    'Events, clocks and timers',
    '@io-event @timer @clock clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep time',
  ],
  ['Network', '@network-io'],
  [
    'Files and directories',
    '@file-system @basic-io @sync @aio copy_file_range fadvise64 fcntl flock ioctl pipe pipe2 readahead sendfile splice tee ' +
      'umask vmsplice',
  ],
  [
    'Users and privileges',
    '@setuid @chown @keyring capget capset getegid geteuid getgid getgroups getresgid getresuid getuid setfsgid setfsuid',
  ],
  [
    'Processes, threads and signals',
    '@process @signal @ipc @sandbox arch_prctl execve exit exit_group futex get_robust_list getpgid getpgrp getpid getppid ' +
      'getsid gettid membarrier pause restart_syscall rseq rt_sigreturn sched_yield set_robust_list set_tid_address setpgid ' +
      'setsid uretprobe @debug',
  ],
  [
    'Limits, scheduling and the system',
    '@resources getcpu getpriority getrandom getrlimit prlimit64 sched_getaffinity sysinfo uname',
  ],
];
const OTHER = 'Others';

/** Fewest calls for which a set is written in their place. */
const WORTH_A_SET = 3;

/**
 * Names by subject, each group in alphabetical order; sets take the place of their calls.
 * @param isHere whether one of the ABIs has a call: calls that none has don't count as missing in a set
 */
export function grouped(
  names: Iterable<string>,
  sets: SyscallSets,
  isHere: (call: string) => boolean,
): Group[] {
  const entries = withSets(new Set(names), sets, isHere);
  const subjects = SUBJECTS.map(([title, members]) => {
    const listed = members.split(' ');
    return { title, holds: new Set([...listed, ...listed.flatMap((name) => callsOf({ name }, sets))]) };
  });
  const titleOf = (name: string) => subjects.find(({ holds }) => holds.has(name))?.title ?? OTHER;
  return [...SUBJECTS.map(([title]) => title), OTHER]
    .map((title) => ({ title, words: entries.filter((name) => titleOf(name) === title).sort() }))
    .filter(({ words }) => words.length > 0);
}

/**
 * The names, with the largest sets first in the place of calls of which all are there. Sets grow with systemd: one is
 * taken only if it means no further call to the newest systemd, either.
 */
function withSets(names: Set<string>, sets: SyscallSets, isHere: (call: string) => boolean): string[] {
  const all = [sets, bundledSets()];
  const candidates = [...sets.members.keys()]
    .map((set) => ({ set, calls: all.map((version) => callsOf({ name: set }, version).filter(isHere)) }))
    .filter(({ calls }) => calls.flat().every((call) => names.has(call)))
    .map(({ set, calls: [own, newest] }) => ({ set, calls: own!.filter((call) => newest!.includes(call)) }))
    .sort((a, b) => b.calls.length - a.calls.length || (a.set < b.set ? -1 : 1));
  const left = new Set(names);
  const used: string[] = [];
  for (const { set, calls } of candidates) {
    if (calls.filter((call) => left.has(call)).length < WORTH_A_SET) continue;
    used.push(set);
    for (const call of calls) left.delete(call);
  }
  return [...used, ...left];
}
