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
  // Refused calls prove no directive.
  ['marks', []],
  ['signal_generate', []],
  ['refused', []],
]);

/** The reason why evidence of a kind may lack something; undefined where nothing is known to be missing. */
export function doubtOf(evidence: Evidence, kind: Kind): string | undefined {
  if (evidence.lost.leavers) return 'processes have left its control group unwatched';
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

/** The reason to think that a table lacks something though nothing was counted as lost. */
function mismatch(evidence: Evidence, kind: Kind): string | undefined {
  if (PAST_CALLS.includes(kind) && isMade(evidence, 'io_uring_enter')) {
    return `io_uring was used, which doesn't show ${SHOWN[kind]}`;
  }
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
