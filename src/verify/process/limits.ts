/** Limits of processes. */

import type { Get } from '../../directives/directive.js';
import { INFINITY } from '../../directives/values/bus.js';
import { EQUAL, type Finding, hidden, looser, stricter, unseen } from './finding.js';
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
  if (typeof value !== 'bigint' || !limits.has(name)) return hidden('the limit is not shown');
  const hard = limits.get(name) ?? INFINITY;
  if (hard === value) return EQUAL;
  const seen = `the hard limit is ${shown(hard)}, not ${shown(value)}`;
  if (hard < value) return stricter(seen);
  return mayRaiseLimits(get) ? unseen(`${seen}; it may have raised that by itself`) : looser(seen);
}
