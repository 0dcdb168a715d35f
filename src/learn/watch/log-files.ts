/** Log files that a service holds open, by which the rotation of logs is told. */

import { groupBy } from '../../collections.js';
import { unitGroups } from '../../state/control-group.js';
import { orElse } from '../../state/failures.js';
import type { System } from '../../system/system.js';
import type { UnitState } from '../../system/unit-state.js';

/** Processes of a service that are looked at. */
const MOST_PROCESSES = 64;

/** Paths of logs: below a folder of them, as /var/log, or with their suffix. */
const LOG = /^\/(?:.*\/)?(?:logs?\/.*|[^/]*\.log)$/;

/** proc_pid_fd(5) has this behind the name of a file that is removed. */
const REMOVED = / \(deleted\)$/;

/** The access mode in the flags of open(2): O_ACCMODE. */
const ACCESS_MODE = 0o3;

interface OpenLog {
  readonly path: string;
  readonly inode: string;
}

/**
 * Follows the log files that a service holds open. A rotation that renames is seen when the service has opened the file
 * of the old name anew. One that copies and truncates isn't, since the service has no part in it; nor is one of logs
 * that a service opens for each line.
 */
export class LogFiles {
  readonly #system: System;
  readonly #inodes = new Map<string, Set<string>>();

  constructor(system: System) {
    this.#system = system;
  }

  /** Whether another file is open under the name of one that an earlier look has seen. */
  async isRotated(state: UnitState): Promise<boolean> {
    let isRotated = false;
    for (const [path, open] of groupBy(await openLogs(this.#system, state), (one) => one.path)) {
      const known = this.#inodes.get(path);
      const inodes = open.map(({ inode }) => inode);
      if (known && inodes.some((inode) => !known.has(inode))) isRotated = true;
      this.#inodes.set(path, new Set([...(known ?? []), ...inodes]));
    }
    return isRotated;
  }
}

async function openLogs(system: System, state: UnitState): Promise<OpenLog[]> {
  const [group] = await orElse(() => unitGroups(system, state), []);
  if (group === undefined) return [];
  const pids = (await textOf(system, `${group}/cgroup.procs`)).split('\n').filter((pid) => pid > '0');
  const logs: OpenLog[] = [];
  for (const pid of pids.slice(0, MOST_PROCESSES)) logs.push(...(await logsOf(system, pid)));
  return logs;
}

/** The logs that a process has open for writing: proc_pid_fd(5), proc_pid_fdinfo(5). */
async function logsOf(system: System, pid: string): Promise<OpenLog[]> {
  const links = await orElse(() => system.links(`/proc/${pid}/fd`), new Map<string, string>());
  const logs: OpenLog[] = [];
  for (const [descriptor, path] of links) {
    if (!LOG.test(path) || REMOVED.test(path)) continue;
    const facts = await textOf(system, `/proc/${pid}/fdinfo/${descriptor}`);
    const [, flags = '0'] = /^flags:\s+([0-7]+)$/m.exec(facts) ?? [];
    const [, inode] = /^ino:\s+(\d+)$/m.exec(facts) ?? [];
    const isWritten = (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0;
    if (isWritten && inode !== undefined) logs.push({ path, inode });
  }
  return logs;
}

const textOf = async (system: System, path: string): Promise<string> =>
  new TextDecoder().decode((await orElse(() => system.read(path), undefined))?.bytes);
