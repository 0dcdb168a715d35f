/** The filters of threads, as the kernel has them: native-helper/read-filters reads them, and documents its output. */
import { EXIT, error, printable, UserError } from '../../diagnostic.js';
import type { System } from '../../machine/system.js';
import { type PrintedFilters, takeIn } from './loaded-filters.js';

export interface ThreadFilters extends PrintedFilters {
  readonly tid: number;
}

/** A thread that could not be read, and the reason. */
export interface ThreadFailure {
  readonly tid: number;
  /** The errno of ptrace(2): EPERM, ESRCH if the thread has ended, EACCES without CAP_SYS_ADMIN. */
  readonly errno: number;
}

export interface InstalledFilters {
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
