/** Lines of the program `tighten`, as native-helper/tighten/report.h has them. */

/** Reasons for which a thread, or a whole control group, can't be given a filter, and the count of numbers behind each. */
export const REASONS = {
  waits: 2,
  traced: 1,
  untraceable: 1,
  stuck: 0,
  privileges: 0,
  strict: 0,
  foreign: 1,
  unsettled: 0,
  unlisted: 1,
  empty: 0,
  elsewhere: 1,
  'no-call': 0,
  compat: 0,
  dispatched: 0,
  sequence: 0,
  unmoving: 0,
  refused: 1,
  evaded: 0,
  missing: 0,
  unreadable: 1,
} as const;

export type TightenReason = keyof typeof REASONS;

export interface TightenFinding {
  /** 0 where it is no single thread's. */
  readonly tid: number;
  readonly reason: TightenReason;
  /** `waits`: a call's number and its AUDIT_ARCH; `traced`, `elsewhere`: a process; `foreign`: how many; else an errno. */
  readonly numbers: readonly number[];
}

/**
 * The end of a run: `fit` of one that only looks; `unchanged`: all go on as before; `killed`: all processes were ended, since
 * some had the filter and others not.
 */
export type TightenResult = 'tightened' | 'fit' | 'unchanged' | 'killed';

export interface Report {
  readonly ending: TightenResult;
  readonly findings: readonly TightenFinding[];
  /** How many have the filter, or would get it; 0 for the other endings. */
  readonly threads: number;
  readonly processes: number;
  /** For how long all of them stood still, in microseconds, where that is reported. */
  readonly paused: number | undefined;
}

/** Endings by the exit status that goes with them. */
const STATUSES: Readonly<Record<TightenResult, number>> = { tightened: 0, fit: 0, unchanged: 1, killed: 3 };

/** The count of numbers behind the first word of a line. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['restless', 0],
  ['tightened', 2],
  ['fit', 2],
  ['unchanged', 0],
  ['killed', 0],
  ['paused', 1],
]);

/** The most findings that are taken in: each thread may have one. */
const MOST_FINDINGS = 1 << 17;

/**
 * Parses the output of a run.
 * @returns undefined if it is anything else, so that nobody knows how the processes are
 */
export function parseReport(text: string, status: number): Report | undefined {
  const lines = text.split('\n');
  if (lines.pop() !== '') return undefined;
  const findings: TightenFinding[] = [];
  const seen = new Map<string, readonly number[]>();
  for (const line of lines) {
    const [word = '', ...rest] = line.split(' ');
    const finding = word === 'finding' ? parseFinding(rest) : undefined;
    const numbers = rest.map(decimal);
    if (finding && findings.length < MOST_FINDINGS) findings.push(finding);
    else if (seen.has(word) || numbers.length !== NUMBERS.get(word) || !areNumbers(numbers)) return undefined;
    else seen.set(word, numbers);
  }
  const endings = (Object.keys(STATUSES) as TightenResult[]).filter((ending) => seen.has(ending));
  // A filter that can't be read, or a group that can't be listed, leaves no line.
  const ending = lines.length === 0 && status === STATUSES.unchanged ? 'unchanged' : endings[0];
  if (ending === undefined || endings.length > 1 || STATUSES[ending] !== status) return undefined;
  const [threads = 0, processes = 0] = seen.get(ending) ?? [];
  return { ending, findings, threads, processes, paused: seen.get('paused')?.[0] };
}

function parseFinding([first = '', reason = '', ...rest]: readonly string[]): TightenFinding | undefined {
  const tid = decimal(first);
  const numbers = rest.map(decimal);
  if (tid === undefined || !isReason(reason) || numbers.length !== REASONS[reason] || !areNumbers(numbers))
    return undefined;
  return { tid, reason, numbers };
}

const isReason = (word: string): word is TightenReason => Object.hasOwn(REASONS, word);

const areNumbers = (numbers: readonly (number | undefined)[]): numbers is readonly number[] =>
  !numbers.includes(undefined);

/** Numbers have 32 bits; times may have more. */
const decimal = (text: string): number | undefined => (/^\d{1,12}$/.test(text) ? Number(text) : undefined);
