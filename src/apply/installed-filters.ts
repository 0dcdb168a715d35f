/** The filters of threads, as the kernel has them: read by native-helper/read-filters, which says how it prints them. */
import { EXIT, error, printable, UserError } from '../diagnostic.js';
import type { Instruction } from '../filter/bpf.js';
import type { Stack } from '../filter/stack.js';
import { validate } from '../filter/validate.js';
import type { System } from '../system/system.js';

/** What the kernel shows of one thread. */
export interface ThreadFilters {
  readonly tid: number;
  /** Newest first, empty where the kernel shows none; the same object for threads that have the same. */
  readonly stack: Stack;
}

/** Threads that could not be read, and why. */
export interface ThreadFailure {
  readonly tid: number;
  /** The errno of ptrace(2): EPERM, ESRCH where it has ended, EACCES without CAP_SYS_ADMIN. */
  readonly errno: number;
}

export interface InstalledFilters {
  readonly threads: readonly ThreadFilters[];
  readonly failed: readonly ThreadFailure[];
}

/** Bytes of the reader's answer, the longest of its words, how long it may take. */
const LIMIT = 256 << 20;
const TIMEOUT = 60_000;
const HEX_DIGITS = 16;

/**
 * Reads the filters of threads. Each is stopped for a moment.
 * @param reader the path of read-filters
 * @throws UserError `filters-unreadable` if the reader can't be run or doesn't end well
 */
export async function readFilters(
  system: System,
  reader: string,
  tids: readonly number[],
): Promise<InstalledFilters> {
  const argv = [reader, ...tids.map(String)];
  const { status, late, stdout, stderr } = await system.run(argv, { limit: LIMIT, timeout: TIMEOUT });
  const read = status === 0 ? parseFilters(stdout, tids) : undefined;
  if (read !== undefined) return read;
  const why = late ? 'a thread can not be stopped' : printable(stderr.trim()) || `status ${status}`;
  throw new UserError(error('filters-unreadable', `can't read filters back: ${why}`), EXIT.failure);
}

/**
 * What the reader printed for these threads, in their order.
 * @returns undefined where it is anything else
 */
export function parseFilters(text: string, tids: readonly number[]): InstalledFilters | undefined {
  const lines = text.split('\n');
  if (lines.pop() !== '') return undefined;
  const threads: ThreadFilters[] = [];
  const failed: ThreadFailure[] = [];
  let last: Stack | undefined;
  let at = 0;
  for (const tid of tids) {
    const [word, id, count, ...rest] = (lines[at++] ?? '').split(' ');
    const number = count === undefined ? undefined : decimal(count);
    if (id !== String(tid) || rest.length > 0) return undefined;
    if (word === 'failed' && number !== undefined) failed.push({ tid, errno: number });
    else if (word === 'same' && count === undefined && last) threads.push({ tid, stack: last });
    else if (word === 'thread' && number !== undefined) {
      const stack = lines.slice(at, at + number).map(parseFilter);
      at += number;
      if (stack.length !== number || !stack.every((filter) => filter !== undefined)) return undefined;
      last = stack;
      threads.push({ tid, stack });
    } else return undefined;
  }
  return at === lines.length ? { threads, failed } : undefined;
}

const decimal = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

/** `filter HEX`: instructions as they lie in memory, the lowest byte first. */
function parseFilter(line: string): Instruction[] | undefined {
  const [, hex] = /^filter ((?:[0-9a-f]{16})+)$/.exec(line) ?? [];
  if (hex === undefined) return undefined;
  const program: Instruction[] = [];
  for (let at = 0; at < hex.length; at += HEX_DIGITS) {
    const byte = (i: number) => Number.parseInt(hex.slice(at + 2 * i, at + 2 * i + 2), 16);
    const k = byte(4) + byte(5) * 2 ** 8 + byte(6) * 2 ** 16 + byte(7) * 2 ** 24;
    program.push({ code: byte(0) + byte(1) * 2 ** 8, jt: byte(2), jf: byte(3), k });
  }
  return validate(program) === undefined ? program : undefined;
}
