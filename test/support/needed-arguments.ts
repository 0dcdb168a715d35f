import { WORD_ARGUMENTS } from '../../src/learn/profile/policy/rules/table.js';

/** A call, and which of its arguments are recorded together. */
export type NeededArguments = readonly [call: string, positions: readonly number[]];

/**
 * The arguments that rules and directives are proved by. A watch that leaves one out leaves the rules on its call, or its
 * directive, unproved.
 */
export const NEEDED_ARGUMENTS: readonly NeededArguments[] = [
  ...WORD_ARGUMENTS.map(({ call, argument }): NeededArguments => [call, [argument]]),
  ['socket', [0, 1]],
  ['socketpair', [0, 1]],
  // RestrictNamespaces=
  ['setns', [1]],
  ['unshare', [0]],
  // MemoryDenyWriteExecute=
  ['mmap', [2]],
  ['mmap2', [2]],
  ['mprotect', [2]],
  ['pkey_mprotect', [2]],
  ['shmat', [2]],
  // RestrictRealtime=
  ['sched_setscheduler', [1]],
  ['sched_setattr', [1]],
  // RestrictSUIDSGID=
  ['chmod', [1]],
  ['fchmod', [1]],
  ['fchmodat', [2]],
  ['fchmodat2', [2]],
  // UMask=, too
  ['mkdir', [1]],
  ['mkdirat', [2]],
  // PrivateDevices=, too
  ['mknod', [1]],
  ['mknodat', [2]],
  // ProtectClock=, where capabilities can't be seen
  ['timer_create', [0]],
  ['timerfd_create', [0]],
];
