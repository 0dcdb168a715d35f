/**
 * Calls that go by several names: old ones, and those of 32-bit ABIs for wider IDs, offsets and times. Those on a process's
 * own signals (`sigaction`, `rt_sigaction`, `signal`) are left out: to refuse one name shuts nothing, and to refuse all
 * leaves no program running.
 */
import { groupBy } from '../collections.js';
import { callNames } from './numbers.js';

/** A name that another call's has in it, where the two do the same: `setuid32`, `stat64`, `ppoll_time64`, `oldstat`. */
const DERIVED: readonly RegExp[] = [/^(.+)_time64$/, /^(.+)64$/, /^(.+)32$/, /^old(.+)$/];

/** Old names of another form (arch/x86/entry/syscalls/syscall_32.tbl, arch/arm/tools/syscall.tbl), each with a name of the same call. */
const BY_HAND: ReadonlyMap<string, string> = new Map([
  ['_llseek', 'lseek'],
  ['_newselect', 'select'],
  ['arm_fadvise64_64', 'fadvise64'],
  ['fadvise64_64', 'fadvise64'],
  ['mmap2', 'mmap'],
  ['newfstatat', 'fstatat64'],
  ['oldolduname', 'uname'],
  ['readdir', 'getdents'],
  ['recv', 'recvfrom'],
  ['send', 'sendto'],
  ['settimeofday', 'clock_settime'],
  ['stime', 'clock_settime'],
  ['sync_file_range2', 'sync_file_range'],
  ['ugetrlimit', 'getrlimit'],
  ['umount', 'umount2'],
  ['vm86old', 'vm86'],
  ['waitpid', 'wait4'],
]);

let families: readonly (readonly string[])[] | undefined;

/** Every group of calls of which each does what the others do, in alphabetical order. */
export function sameCalls(): readonly (readonly string[])[] {
  families ??= [...groupBy([...callNames()], plainName).values()].filter((group) => group.length > 1);
  return families;
}

/** The name that all names of a call come down to. */
function plainName(call: string): string {
  const given = BY_HAND.get(call);
  if (given !== undefined) return given;
  const shorter = DERIVED.map((pattern) => pattern.exec(call)?.[1]).find(
    (name) => name !== undefined && callNames().has(name),
  );
  return shorter === undefined ? call : plainName(shorter);
}
