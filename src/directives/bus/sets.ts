/** Lists that `~` turns around. */

import type { Directive } from '../table.js';

/** Kinds of value that are such lists. */
export type SetType = 'capabilities' | 'families' | 'namespaces' | 'filesystems' | 'interfaces';

const SET_TYPES: readonly string[] = [
  'capabilities',
  'families',
  'namespaces',
  'filesystems',
  'interfaces',
] satisfies SetType[];

export const isSet = (row: Directive): boolean => SET_TYPES.includes(row.kind.type);

/** CLONE_NEW* of linux/sched.h. */
export const NAMESPACE_BITS: Readonly<Record<string, number>> = {
  mnt: 17,
  cgroup: 25,
  uts: 26,
  ipc: 27,
  user: 28,
  pid: 29,
  net: 30,
};
