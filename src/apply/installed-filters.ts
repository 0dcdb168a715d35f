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
  /** How many threads are of PID namespaces that aren't seen from here. */
  readonly foreign: number;
  /** Whether all threads stood still together, so that there is no other. */
  readonly settled: boolean;
}

/** Characters of the reader's answer, and how long it may take: threads stand still for much less. */
const LIMIT = 256 << 20;
const TIMEOUT = 60_000;
const HEX_DIGITS = 16;

/** SIGSYS, by which a filter ends what makes a call that it refuses. */
const SIGSYS = 31;

/**
 * Reads the filters of all threads in control groups. They stand still for that, at most a second.
 * @param reader the path of read-filters
 * @param groups folders
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
    ? 'a filter on this process itself refuses that'
    : late
      ? `no answer in ${TIMEOUT / 1000} seconds`
      : printable(stderr.trim()) || `status ${status}`;
  const hint = refused ? 'run it outside of any sandbox or container' : undefined;
  throw new UserError(error('filters-unreadable', `can't read filters back: ${why}`, { hint }), EXIT.failure);
}

/** How many numbers follow the first word of a line; those of a line `filter` are read with their thread's. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['thread', 2],
  ['same', 1],
  ['failed', 2],
  ['foreign', 1],
  ['unsettled', 0],
]);

/**
 * What the reader printed.
 * @returns undefined where it is anything else
 */
export function parseFilters(text: string): InstalledFilters | undefined {
  const lines = text.split('\n');
  if (lines.pop() !== '') return undefined;
  const threads: ThreadFilters[] = [];
  const failed: ThreadFailure[] = [];
  let [foreign, settled] = [0, true];
  let last: Stack | undefined;
  for (let at = 0; at < lines.length; ) {
    const [word = '', ...rest] = lines[at++]!.split(' ');
    const numbers = rest.map(decimal);
    if (numbers.length !== NUMBERS.get(word) || numbers.includes(undefined)) return undefined;
    const [first = 0, second = 0] = numbers;
    if (word === 'failed') failed.push({ tid: first, errno: second });
    else if (word === 'foreign') foreign = first;
    else if (word === 'unsettled') settled = false;
    else {
      if (word === 'thread') {
        last = parseStack(lines.slice(at, at + second), second);
        at += second;
      }
      if (last === undefined) return undefined;
      threads.push({ tid: first, stack: last });
    }
  }
  const tids = new Set([...threads, ...failed].map(({ tid }) => tid));
  return tids.size === threads.length + failed.length ? { threads, failed, foreign, settled } : undefined;
}

function parseStack(lines: readonly string[], count: number): Stack | undefined {
  const stack = lines.map(parseFilter);
  return stack.length === count && stack.every((filter) => filter !== undefined) ? stack : undefined;
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
