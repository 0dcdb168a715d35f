/** Reasons to believe a kind of evidence less: records that were lost, and what a kernel can't show. */
import type { Evidence } from './input.js';
import { counted } from './text/spans.js';

/** Kinds of evidence. */
export type Kind =
  | 'arguments'
  | 'calls'
  | 'capabilities'
  | 'fork-flags'
  | 'modes'
  | 'paths'
  | 'peers'
  | 'programs';

/** Names by which tables and blind spots are recorded, each with the kinds of evidence that suffer. */
const SUFFER: ReadonlyMap<string, readonly Kind[]> = new Map([
  ['arguments', ['arguments']],
  ['calls', ['calls']],
  ['numbers', ['calls']],
  ['cap_capable', ['capabilities']],
  ['capabilities', ['capabilities']],
  ['directories', ['paths']],
  ['forkFlags', ['fork-flags']],
  ['memory', ['paths', 'peers']],
  ['modes', ['modes']],
  ['paths', ['paths']],
  ['peers', ['peers']],
  ['programs', ['programs']],
  ['sched_process_exec', ['programs']],
  ['task_newtask', ['fork-flags']],
  // Whether io_uring was used at all, a call tells.
  ['ringOperations', []],
  // Refused calls prove no directive.
  ['marks', []],
  ['signal_generate', []],
  ['refused', []],
]);

/** The reason why evidence of a kind may lack something; undefined where nothing is known to be missing. */
export function doubtOf(evidence: Evidence, kind: Kind): string | undefined {
  const concerns = (name: string) => SUFFER.get(name)?.includes(kind) ?? true;
  if (evidence.blind.some(concerns)) return `this kernel doesn't show ${SHOWN[kind]}`;
  const lost = Object.entries(evidence.lost).filter(([name, count]) => count > 0 && concerns(name));
  const total = lost.reduce((sum, [, count]) => sum + count, 0);
  if (total > 0) return `${counted(total, 'record')} of ${SHOWN[kind]} ${total === 1 ? 'was' : 'were'} lost`;
  const cut = kind === 'paths' ? evidence.paths.filter((path) => path.cut).length : 0;
  if (cut > 0) return `${counted(cut, 'path')} ${cut === 1 ? 'was' : 'were'} too long to be known whole`;
  return mismatch(evidence, kind) ?? startDoubt(evidence);
}

/** Calls that can't be without a trace in another table. */
const TRACES: ReadonlyMap<
  Kind,
  readonly (readonly [calls: readonly string[], is: (of: Evidence) => boolean])[]
> = new Map([
  ['paths', [[['open', 'openat', 'openat2'], ({ paths }) => paths.length > 0]]],
  [
    'peers',
    [
      [['bind'], ({ peers }) => peers.some(({ use }) => use === 'bind')],
      [['connect'], ({ peers }) => peers.some(({ use }) => use === 'connect')],
    ],
  ],
  ['fork-flags', [[['clone', 'clone3', 'fork', 'vfork'], ({ forkFlags }) => forkFlags.length > 0]]],
]);

/** Evidence of what io_uring does for a process without a call. */
const PAST_CALLS: readonly Kind[] = ['modes', 'paths', 'peers'];

/**
 * Operations of io_uring (enum io_uring_op of linux/io_uring.h) that take no path and no address: on files that a call has
 * opened, on timers, futexes and buffers.
 */
const WITHOUT_NAMES: ReadonlySet<number> = new Set([
  // IORING_OP_NOP to IORING_OP_SYNC_FILE_RANGE, TIMEOUT and TIMEOUT_REMOVE
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12],
  // ASYNC_CANCEL, LINK_TIMEOUT, FALLOCATE, CLOSE, FILES_UPDATE, READ, WRITE, FADVISE, MADVISE
  ...[14, 15, 17, 19, 20, 22, 23, 24, 25],
  // EPOLL_CTL to TEE and SHUTDOWN
  ...[29, 30, 31, 32, 33, 34],
  // READ_MULTISHOT, FUTEX_WAIT to FIXED_FD_INSTALL, FTRUNCATE, EPOLL_WAIT, READV_FIXED and WRITEV_FIXED
  ...[49, 51, 52, 53, 54, 55, 59, 60, 61],
]);

/** The reason why io_uring may have done more than the tables show. */
function ringDoubt(evidence: Evidence, kind: Kind): string | undefined {
  if (!isMade(evidence, 'io_uring_enter')) return undefined;
  const { ringOperations, blind, lost } = evidence;
  if (blind.includes('ringOperations') || (lost.ringOperations ?? 0) > 0 || ringOperations.length === 0)
    return `io_uring was used, which doesn't show ${SHOWN[kind]}`;
  const other = ringOperations.find((operation) => !WITHOUT_NAMES.has(operation));
  return other === undefined
    ? undefined
    : `io_uring was used for operation ${other}, which doesn't show ${SHOWN[kind]}`;
}

/** The reason to think that a table lacks something though nothing was counted as lost. */
function mismatch(evidence: Evidence, kind: Kind): string | undefined {
  const ring = PAST_CALLS.includes(kind) ? ringDoubt(evidence, kind) : undefined;
  if (ring !== undefined) return ring;
  const traces = TRACES.get(kind) ?? [];
  const made = traces
    .flatMap(([calls, is]) => (is(evidence) ? [] : calls))
    .find((name) => isMade(evidence, name));
  return made && `${made} was called, and none of its ${SHOWN[kind]} was recorded`;
}

const isMade = ({ calls }: Evidence, name: string): boolean => calls.some((call) => call.name === name);

const SHOWN: Readonly<Record<Kind, string>> = {
  arguments: 'arguments',
  calls: 'calls',
  capabilities: 'capabilities',
  'fork-flags': 'new processes',
  modes: 'modes of files',
  paths: 'paths',
  peers: 'addresses',
  programs: 'programs',
};

/** The reason why a watch that began at work proves nothing about a start. */
export const startDoubt = ({ calls }: Pick<Evidence, 'calls'>): string | undefined =>
  calls.some(({ phases }) => (phases.start ?? 0) > 0) ? undefined : 'no start was watched';
