/** Limits of a control group, held against what the manager has loaded. */

import type { Get } from '../../systemd/directives/directive.js';
import { findDirective } from '../../systemd/directives/table.js';
import { INFINITY } from '../../systemd/directives/values/bus.js';
import { EQUAL, type Finding, hidden, looser, stricter } from './finding.js';

/** The largest page of the machines that have a launcher, in bytes: memory is limited in pages. */
const PAGE = 1 << 16;

/** Files of cgroup v2 by directive (Documentation/admin-guide/cgroup-v2.rst of the kernel), and the most by which the kernel rounds. */
export const GROUP_LIMITS: ReadonlyMap<string, { readonly file: string; readonly rounds: number }> = new Map([
  ['CPUQuota', { file: 'cpu.max', rounds: 10_000 }],
  ['MemoryHigh', { file: 'memory.high', rounds: PAGE }],
  ['MemoryMax', { file: 'memory.max', rounds: PAGE }],
  ['MemorySwapMax', { file: 'memory.swap.max', rounds: PAGE }],
  ['MemoryZSwapMax', { file: 'memory.zswap.max', rounds: PAGE }],
  ['TasksMax', { file: 'pids.max', rounds: 0 }],
]);

/** The file by which cgroup v2 is known. */
const CONTROLLERS = 'cgroup.controllers';

export const GROUP_FILES = [CONTROLLERS, ...[...GROUP_LIMITS.values()].map(({ file }) => file)];

/** The limit that a file has, of a share of a processor in microseconds a second: `50000 100000`; infinite where there is none. */
function limitIn(text: string): number {
  const [limit, period] = /^(\d+)(?: (\d+))?$/.exec(text)?.slice(1) ?? [];
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  return period === undefined ? Number(limit) : (Number(limit) / Number(period)) * 1e6;
}

/** @param files the text of files of the unit's control group by their names */
export function groupLimited(get: Get, directive: string, files: ReadonlyMap<string, string>): Finding {
  const { file, rounds } = GROUP_LIMITS.get(directive)!;
  const wanted = get(findDirective(directive)!.bus.property);
  if (typeof wanted !== 'bigint' || wanted === INFINITY) return EQUAL;
  if (!files.has(CONTROLLERS)) return hidden('the control group is not shown');
  const text = files.get(file);
  if (text === undefined) return looser(`the control group has no ${file}`);
  const over = limitIn(text) - Number(wanted);
  if (over > rounds) return looser(`${file} is '${text}'`);
  return over < -rounds ? stricter(`${file} is '${text}'`) : EQUAL;
}
