/** Limits of processes, and values that each process may change by itself. */

import type { Get } from '../../directives/directive.js';
import { INFINITY } from '../../directives/values/bus.js';
import { EQUAL, type Finding, looser, stricter, unseen } from './finding.js';
import { mayRaiseLimits } from './given.js';
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

/** Where a process shows a value that it may change by itself, and the value that it was given. */
interface OwnValue {
  readonly given: (get: Get) => string | undefined;
  readonly seen: (process: SeenProcess) => string | undefined;
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

/** The bits of personality(2) for the execution domain, PER_MASK. */
const PER_MASK = 0xff;

const PERSONALITIES: ReadonlyMap<unknown, string> = new Map([
  ['arm64', '0'],
  ['x86', '8'],
  ['x86-64', '0'],
]);

/** Values that each process may change by itself: a different one proves nothing. */
export const OWN_VALUES: ReadonlyMap<string, OwnValue> = new Map<string, OwnValue>([
  ['CPUSchedulingPolicy', { given: number('CPUSchedulingPolicy'), seen: field(41) }],
  ['Nice', { given: number('Nice'), seen: field(19) }],
  [
    'OOMScoreAdjust',
    { given: number('OOMScoreAdjust'), seen: ({ texts }) => texts.get('oom_score_adj')?.trim() },
  ],
  [
    'Personality',
    {
      given: (get) => PERSONALITIES.get(get('Personality')),
      seen: ({ texts }) => `${Number.parseInt(texts.get('personality') ?? '', 16) & PER_MASK}`,
    },
  ],
  [
    'UMask',
    {
      given: number('UMask'),
      seen: ({ threads }) => `${Number.parseInt(threads[0]?.get('Umask') ?? '', 8)}`,
    },
  ],
]);

export function ownValue(get: Get, directive: string, process: SeenProcess): Finding {
  const { given, seen } = OWN_VALUES.get(directive)!;
  const [wanted, found] = [given(get), seen(process)];
  if (wanted === undefined || found === undefined) return unseen('the value is not shown');
  return wanted === found ? EQUAL : unseen('it has another value, which a process may set by itself');
}
