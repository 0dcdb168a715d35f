/** The filters of all threads of a unit, and the threads that can't be seen. */

import { EXIT, error, printable, UserError } from '../../diagnostic.js';
import { unitGroups } from '../../machine/state/control-group.js';
import { readStatus } from '../../machine/state/process-status.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import { type PrintedFilters, takeIn } from './loaded-filters.js';

interface ThreadFilters extends PrintedFilters {
  readonly tid: number;
}

/** A thread that could not be read, and the reason. */
interface ThreadFailure {
  readonly tid: number;
  /** The errno of ptrace(2): EPERM, ESRCH if the thread has ended, EACCES without CAP_SYS_ADMIN. */
  readonly errno: number;
}

interface InstalledFilters {
  readonly threads: readonly ThreadFilters[];
  readonly failed: readonly ThreadFailure[];
  /** The number of threads in PID namespaces that aren't seen from here. */
  readonly foreign: number;
  /** Whether all threads stood still together, so that there is no other. */
  readonly settled: boolean;
}

/**
 * The most characters of the reader's answer, and the most time for it in milliseconds: threads stand still for much
 * less.
 */
const LIMIT = 256 << 20;
const TIMEOUT = 60_000;

/** The way out of a filter on this process: a login has that of its service. */
const OUTSIDE =
  "run it without that filter: 'systemd-run --wait --pipe COMMAND'; in a container, run it on the host";

/** SIGSYS, by which a filter ends a process that makes a refused call. */
const SIGSYS = 31;

/**
 * Reads the filters of all threads in control groups. They stand still for that, at most a second.
 * @param reader the path of read-filters
 * @param groups folders of control groups
 * @throws UserError `filters-unreadable` if the reader can't be run or doesn't end well
 */
export async function readFilters(
  system: System,
  reader: string,
  groups: readonly string[],
): Promise<InstalledFilters> {
  const argv = [reader, ...groups];
  const { status, late, stdout, stderr } = await system.run(argv, { limit: LIMIT, timeout: TIMEOUT });
  const read = status === 0 ? parseFilters(stdout) : undefined;
  if (read !== undefined) return read;
  const refused = status === 128 + SIGSYS;
  const why = refused
    ? 'a filter on this process refuses it'
    : late
      ? `no answer in ${TIMEOUT / 1000} seconds`
      : printable(stderr.trim()) || `status ${status}`;
  const hint = refused ? OUTSIDE : undefined;
  throw new UserError(
    error('filters-unreadable', `can't read the filters from the kernel: ${why}`, { hint }),
    EXIT.failure,
  );
}

/** The count of numbers behind the first word of a line; lines `filter` are read with their thread's. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['thread', 2],
  ['same', 2],
  ['failed', 2],
  ['foreign', 1],
  ['unsettled', 0],
]);

/**
 * Parses the reader's output.
 * @returns undefined if it is anything else
 */
export function parseFilters(text: string): InstalledFilters | undefined {
  const lines = text.split('\n');
  if (lines.pop() !== '') return undefined;
  const threads = new Map<number, readonly string[]>();
  const failed = new Map<number, number>();
  let [foreign, settled] = [0, true];
  for (let at = 0; at < lines.length; ) {
    const [word = '', ...rest] = lines[at++]!.split(' ');
    const numbers = rest.map(decimal);
    if (numbers.length !== NUMBERS.get(word) || numbers.includes(undefined)) return undefined;
    const [first = 0, second = 0] = numbers;
    const isThread = word === 'thread' || word === 'same';
    if ((isThread || word === 'failed') && (threads.has(first) || failed.has(first))) return undefined;
    if (word === 'failed') failed.set(first, second);
    else if (word === 'foreign') foreign = first;
    else if (word === 'unsettled') settled = false;
    else {
      const count = word === 'thread' ? second : 0;
      const own = word === 'thread' ? lines.slice(at, at + count) : threads.get(second);
      if (own === undefined || own.length < count) return undefined;
      threads.set(first, own);
      at += count;
    }
  }
  const taken = takeIn(new Set(threads.values()));
  if (taken === undefined) return undefined;
  return {
    threads: [...threads].map(([tid, own]) => ({ tid, ...taken.get(own)! })),
    failed: [...failed].map(([tid, errno]) => ({ tid, errno })),
    foreign,
    settled,
  };
}

const decimal = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

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
