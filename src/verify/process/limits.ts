/** Limits of processes, and values that a process may change by itself. */

import type { Get } from '../../directives/directive.js';
import { INFINITY } from '../../directives/values/bus.js';
import { EQUAL, type Finding, looser, stricter, unseen } from './finding.js';
import { mayLowerScore, mayRaiseLimits, mayRaisePriority, mayRunInRealTime } from './given.js';
import type { SeenProcess } from './seen-process.js';

/** The names of limits in proc_pid_limits(5), by directive. */
export const LIMITS: ReadonlyMap<string, string> = new Map([
  ['LimitAS', 'Max address space'],
  ['LimitCORE', 'Max core file size'],
  ['LimitCPU', 'Max cpu time'],
  ['LimitDATA', 'Max data size'],
  ['LimitFSIZE', 'Max file size'],
  ['LimitMEMLOCK', 'Max locked memory'],
  ['LimitMSGQUEUE', 'Max msgqueue size'],
  ['LimitNICE', 'Max nice priority'],
  ['LimitNOFILE', 'Max open files'],
  ['LimitNPROC', 'Max processes'],
  ['LimitRTPRIO', 'Max realtime priority'],
  ['LimitRTTIME', 'Max realtime timeout'],
  ['LimitSIGPENDING', 'Max pending signals'],
  ['LimitSTACK', 'Max stack size'],
]);

const shown = (limit: bigint): string => (limit === INFINITY ? 'unlimited' : `${limit}`);

/** A hard limit. The soft one below it is the process's own to set. */
export function limited(get: Get, directive: string, { limits }: SeenProcess): Finding {
  const value = get(directive);
  const name = LIMITS.get(directive)!;
  if (typeof value !== 'bigint' || !limits.has(name)) return unseen('the limit is not shown');
  const hard = limits.get(name) ?? INFINITY;
  if (hard === value) return EQUAL;
  const seen = `the hard limit is ${shown(hard)}, not ${shown(value)}`;
  if (hard < value) return stricter(seen);
  return mayRaiseLimits(get) ? unseen(`${seen}; it may have raised that by itself`) : looser(seen);
}

/** Where a process shows a value that it was given, and may change. */
interface OwnValue {
  readonly given: (get: Get) => string | undefined;
  readonly seen: (process: SeenProcess) => string | undefined;
  /**
   * Whether the process may have set what is seen by itself; unset where each may.
   * @param known capabilities that the manager itself may have
   */
  readonly mayBeOwn?: (
    get: Get,
    values: { readonly wanted: string; readonly found: string },
    known: bigint,
  ) => boolean;
  /** The kind of value, for people. */
  readonly name: string;
}

const number = (property: string) => (get: Get) => {
  const value = get(property);
  return typeof value === 'number' ? `${value}` : undefined;
};

/** A field of `stat` (proc_pid_stat(5)), counted from 3 behind the name. */
const field =
  (index: number) =>
  ({ texts }: SeenProcess) => {
    const text = texts.get('stat') ?? '';
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[index - 3];
  };

/** SCHED_* of linux/sched.h: the ones that come before all others, and the one that comes after all. */
const REAL_TIME: readonly string[] = ['1', '2', '6'];
const IDLE = '5';

/** The bits of personality(2) for the execution domain, PER_MASK. */
const PER_MASK = 0xff;

const PERSONALITIES: ReadonlyMap<unknown, string> = new Map([
  ['arm64', '0'],
  ['x86', '8'],
  ['x86-64', '0'],
]);

/** Values that a process may change by itself, if only some of them. */
export const OWN_VALUES: ReadonlyMap<string, OwnValue> = new Map<string, OwnValue>([
  [
    'CPUSchedulingPolicy',
    {
      name: 'scheduling policy',
      given: number('CPUSchedulingPolicy'),
      seen: field(41),
      mayBeOwn: (get, { wanted, found }) =>
        (!REAL_TIME.includes(found) || mayRunInRealTime(get)) && (wanted !== IDLE || mayRaisePriority(get)),
    },
  ],
  [
    'Nice',
    {
      name: 'nice value',
      given: number('Nice'),
      seen: field(19),
      mayBeOwn: (get, { wanted, found }) => Number(found) > Number(wanted) || mayRaisePriority(get),
    },
  ],
  [
    'OOMScoreAdjust',
    {
      name: 'oom_score_adj',
      given: number('OOMScoreAdjust'),
      seen: ({ texts }) => texts.get('oom_score_adj')?.trim(),
      mayBeOwn: (get, { wanted, found }, known) =>
        Number(found) > Number(wanted) || mayLowerScore(get, known),
    },
  ],
  [
    'Personality',
    {
      name: 'personality',
      given: (get) => PERSONALITIES.get(get('Personality')),
      seen: ({ texts }) => `${Number.parseInt(texts.get('personality') ?? '', 16) & PER_MASK}`,
      mayBeOwn: (get) => get('LockPersonality') !== true,
    },
  ],
  [
    'UMask',
    {
      name: 'umask',
      given: number('UMask'),
      seen: ({ threads }) => `${Number.parseInt(threads[0]?.get('Umask') ?? '', 8)}`,
    },
  ],
]);

/** @param known capabilities that the manager itself may have */
export function ownValue(get: Get, directive: string, process: SeenProcess, known: bigint): Finding {
  const { name, given, seen, mayBeOwn } = OWN_VALUES.get(directive)!;
  const [wanted, found] = [given(get), seen(process)];
  if (wanted === undefined || found === undefined) return unseen('the value is not shown');
  if (wanted === found) return EQUAL;
  return mayBeOwn?.(get, { wanted, found }, known) === false
    ? looser(`its ${name} is ${found}, not ${wanted}`)
    : unseen('it has another value, which a process may set by itself');
}
