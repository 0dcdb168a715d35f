/**
 * Calls that have several names: old ones, and those of 32-bit ABIs for wider IDs, offsets and times. Calls on a
 * process's own signals (`sigaction`, `rt_sigaction`, `signal`) are left out: refusing one name closes nothing, and
 * refusing all leaves no program running.
 */
import { groupBy } from '../../collections.js';
import { callNames } from './numbers.js';

/**
 * Patterns of derived names, each with the plain name of a call that does the same: `setuid32`, `stat64`,
 * `ppoll_time64`, `oldstat`.
 */
const DERIVED: readonly RegExp[] = [/^(.+)_time64$/, /^(.+)64$/, /^(.+)32$/, /^old(.+)$/];

/**
 * Derived names that fit no pattern, each with a name of the same call (arch/x86/entry/syscalls/syscall_32.tbl,
 * arch/arm/tools/syscall.tbl).
 */
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

/** Groups of calls of which each does what the others do, in alphabetical order. */
export function sameCalls(): readonly (readonly string[])[] {
  families ??= [...groupBy([...callNames()], plainName).values()].filter((group) => group.length > 1);
  return families;
}

/** The plain name that all names of a call derive from. */
function plainName(call: string): string {
  const given = BY_HAND.get(call);
  if (given !== undefined) return given;
  // Most names fit none of the patterns.
  if (!/^old|\d$/.test(call)) return call;
  const shorter = DERIVED.map((pattern) => pattern.exec(call)?.[1]).find(
    (name) => name !== undefined && callNames().has(name),
  );
  return shorter === undefined ? call : plainName(shorter);
}
