/** The filters of all threads of a unit, and the threads that can't be seen. */

import { unitGroups } from '../../machine/state/control-group.js';
import { readStatus } from '../../machine/state/process-status.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import { type InstalledFilters, readFilters } from './installed-filters.js';
import type { PrintedFilters } from './loaded-filters.js';

/** The most readings of a unit whose threads can't be stopped or come too fast, and the milliseconds in between. */
const ATTEMPTS = 3;
const PAUSE = 50;
const [EPERM, ESRCH, ETIMEDOUT] = [1, 3, 110];

/** A thread, and the filters that it had while all of its unit stood still. */
export interface UnitThread extends PrintedFilters {
  readonly tid: number;
  /** The ID of its process; its own if it has ended since. */
  readonly pid: number;
  /** The parent of its process; 0 if the thread has ended since. */
  readonly parent: number;
  /** The process's name, as the process itself gives it: not to be trusted. Empty if it has ended since. */
  readonly name: string;
}

export interface UnitFilters {
  readonly threads: readonly UnitThread[];
  /**
   * Errnos for threads whose filters the kernel doesn't show, by thread ID; 0 if it shows none although there are some.
   */
  readonly hidden: ReadonlyMap<number, number>;
  /** The number of threads in other PID namespaces. */
  readonly foreign: number;
  /** Whether no thread was left out. */
  readonly settled: boolean;
}

/**
 * Reads the filters of a unit's threads.
 * @param reader finds the path of read-filters, if there is a thread to read
 */
export async function readUnit(
  system: System,
  unit: UnitState,
  reader: () => Promise<string>,
): Promise<UnitFilters> {
  const read = await readGroups(system, await unitGroups(system, unit), reader);
  const lookUp = createLookUp(system);
  const threads: UnitThread[] = [];
  const hidden = new Map<number, number>();
  for (const { tid, ...filters } of read.threads) {
    const { pid, name, status } = await lookUp(tid);
    if (filters.lines.length === 0 && ['1', '2'].includes(status?.get('Seccomp') ?? '0')) hidden.set(tid, 0);
    else threads.push({ tid, pid, parent: Number(status?.get('PPid') ?? 0), name, ...filters });
  }
  for (const { tid, errno } of read.failed) {
    // An ended thread can't be traced either; until its parent asks for it, it is still there.
    const ended = errno === ESRCH || (errno === EPERM && isGone((await lookUp(tid)).status));
    if (!ended) hidden.set(tid, errno);
  }
  return { threads, hidden, foreign: read.foreign, settled: read.settled };
}

/**
 * Reads threads again if some can't be stopped: a process that starts a program can't be for a moment, as the parent of
 * a vfork.
 */
async function readGroups(
  system: System,
  groups: readonly string[],
  reader: () => Promise<string>,
): Promise<InstalledFilters> {
  if (groups.length === 0) return { threads: [], failed: [], foreign: 0, settled: true };
  const path = await reader();
  for (let attempt = 1; ; attempt++) {
    const read = await readFilters(system, path, groups);
    const isWhole = read.settled && read.failed.every(({ errno }) => errno !== ETIMEDOUT);
    if (isWhole || attempt === ATTEMPTS) return read;
    await system.wait(PAUSE);
  }
}

type Status = ReadonlyMap<string, string> | undefined;

/** Makes a function that tells the process of a thread, and the thread's status. */
function createLookUp(system: System) {
  const names = new Map<number, string>();
  return async (tid: number): Promise<{ pid: number; name: string; status: Status }> => {
    const status = await readStatus(system, `${tid}`);
    const pid = Number(status?.get('Tgid') ?? tid);
    const own = pid === tid ? status : undefined;
    const name = names.get(pid) ?? (own ?? (await readStatus(system, `${pid}`)))?.get('Name') ?? '';
    names.set(pid, name);
    return { pid, name, status };
  };
}

const isGone = (status: Status): boolean => status === undefined || /^[ZX]/.test(status.get('State') ?? '');
