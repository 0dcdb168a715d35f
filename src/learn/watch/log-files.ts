import { processesOf } from '../../state/control-group.js';
import { orElse } from '../../state/failures.js';
import type { System } from '../../system/system.js';
import type { UnitState } from '../../system/unit-state.js';

/** Processes of a service that are looked at. */
const MOST_PROCESSES = 64;

/** Paths of logs: below a folder of them, as /var/log, or with their suffix. */
const LOG = /^\/(?:.*\/)?(?:logs?\/.*|[^/]*\.log)$/;

/** proc_pid_fd(5) has this behind the name of a file that is removed. */
const REMOVED = / \(deleted\)$/;

/**
 * Follows the log files that a service holds open. A rotation that renames is seen when the service has opened the file
 * of the old name anew. One that copies and truncates isn't, since the service has no part in it; nor is one of logs
 * that a service opens for each line.
 */
export class LogFiles {
  readonly #inodes = new Map<string, Set<string>>();

  /** Whether another file is open under the name of one that an earlier look has seen. */
  async isRotated(system: System, state: UnitState): Promise<boolean> {
    const open = await openLogs(system, state);
    const isRotated = open.some(([path, inode]) => this.#inodes.get(path)?.has(inode) === false);
    for (const [path, inode] of open)
      this.#inodes.set(path, (this.#inodes.get(path) ?? new Set()).add(inode));
    return isRotated;
  }
}

/** The path and the inode of each open log: proc_pid_fd(5), proc_pid_fdinfo(5). */
async function openLogs(system: System, state: UnitState): Promise<[path: string, inode: string][]> {
  const logs: [string, string][] = [];
  const pids = await orElse(() => processesOf(system, state), []);
  for (const pid of pids.slice(0, MOST_PROCESSES)) {
    const links = await orElse(() => system.links(`/proc/${pid}/fd`), new Map<string, string>());
    for (const [descriptor, path] of links) {
      if (!LOG.test(path) || REMOVED.test(path)) continue;
      const file = await orElse(() => system.read(`/proc/${pid}/fdinfo/${descriptor}`), undefined);
      const [, inode] = /^ino:\s+(\d+)$/m.exec(new TextDecoder().decode(file?.bytes)) ?? [];
      if (inode !== undefined) logs.push([path, inode]);
    }
  }
  return logs;
}
