import { covers } from '../unit/values.js';
import { type MountLine, parseMountInfo } from './mount-info.js';

/** A mounted hierarchy of control groups, or a part of one: `root` is the group at the mount's root. */
export type Hierarchy = Pick<MountLine, 'path' | 'root'>;

/**
 * Hierarchies that systemd may keep its units in, from /proc/self/mountinfo: version 2, and the one of version 1 that is
 * named `systemd`.
 */
export const parseHierarchies = (text: string): Hierarchy[] =>
  parseMountInfo(text).filter(
    ({ type, superOptions }) =>
      type === 'cgroup2' || (type === 'cgroup' && superOptions.includes('name=systemd')),
  );

/**
 * The folders where a control group may be; some of them may not exist.
 * @param group the group's path as the manager has it: `/system.slice/nginx.service`
 */
export function groupFolders(hierarchies: readonly Hierarchy[], group: string): string[] {
  if (!/^\/[^/]/.test(group) || group.split('/').includes('..')) return [];
  const folders = hierarchies
    .filter(({ root }) => covers(root, group))
    .map(({ path, root }) => `${path}${root === '/' ? group : group.slice(root.length)}`);
  return [...new Set(folders)];
}

/** A line of /proc/PID/cgroup (cgroups(7)) about a hierarchy that systemd keeps. */
export const GROUP = /^(?:0:|\d+:name=systemd):(\/.*)$/;

/** The control group in a line of /proc/PID/cgroup; undefined for a hierarchy that systemd doesn't keep. */
export const groupIn = (line: string): string | undefined => GROUP.exec(line)?.[1];
