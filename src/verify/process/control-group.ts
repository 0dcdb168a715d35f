/** Limits of a control group, held against what the manager has loaded. */

import type { Get } from '../../directives/directive.js';
import { EQUAL, type Finding, hidden, looser, stricter } from './finding.js';

/** How a file of a control group is compared with a property. */
interface GroupLimit {
  readonly file: string;
  /** The limit that a text of the file and a value of the property stand for; undefined where there is none. */
  readonly seen: (text: string) => number | undefined;
  readonly given: (value: unknown) => number | undefined;
  /** The most by which the kernel may round. */
  readonly precision: number;
}

const countIn = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);

/** The manager's number for no limit. */
const INFINITY = (1n << 64n) - 1n;

const amount = (value: unknown): number | undefined =>
  (typeof value === 'bigint' || typeof value === 'number') && BigInt(value) !== INFINITY
    ? Number(value)
    : undefined;

/** The largest page of the machines that have a launcher, in bytes: memory is limited in pages. */
const PAGE = 1 << 16;

const memory = (file: string): GroupLimit => ({ file, seen: countIn, given: amount, precision: PAGE });

/** The share of a processor in `cpu.max`, `50000 100000`. */
function share(text: string): number | undefined {
  const [quota, period] = text.split(' ').map(countIn);
  return quota === undefined || !period ? undefined : quota / period;
}

const MICROSECONDS = 1_000_000;

/** Files of cgroup v2 by directive (Documentation/admin-guide/cgroup-v2.rst of the kernel). */
export const GROUP_LIMITS: ReadonlyMap<string, GroupLimit> = new Map<string, GroupLimit>([
  [
    'CPUQuota',
    {
      file: 'cpu.max',
      seen: share,
      given: (value) => {
        const quota = amount(value);
        return quota === undefined ? undefined : quota / MICROSECONDS;
      },
      precision: 0.01,
    },
  ],
  ['MemoryHigh', memory('memory.high')],
  ['MemoryMax', memory('memory.max')],
  ['MemorySwapMax', memory('memory.swap.max')],
  ['MemoryZSwapMax', memory('memory.zswap.max')],
  ['TasksMax', { file: 'pids.max', seen: countIn, given: amount, precision: 0 }],
]);

/**
 * @param property the property of the directive
 * @param files the text of files of the unit's control group by their names
 */
export function groupLimited(
  get: Get,
  directive: string,
  property: string,
  files: ReadonlyMap<string, string>,
): Finding {
  const { file, seen, given, precision } = GROUP_LIMITS.get(directive)!;
  const wanted = given(get(property));
  if (wanted === undefined) return EQUAL;
  if (!files.has('cgroup.controllers')) return hidden('the control group is not shown');
  const text = files.get(file);
  if (text === undefined) return looser(`the control group has no ${file}`);
  const limit = seen(text);
  if (limit === undefined || limit > wanted + precision) return looser(`${file} is '${text}'`);
  return limit < wanted - precision ? stricter(`${file} is '${text}'`) : EQUAL;
}
