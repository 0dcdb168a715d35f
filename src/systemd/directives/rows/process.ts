import type { Directive } from '../directive.js';
import { words } from '../kinds/names/words.js';
import { BOOLEAN, oneOf } from '../kinds/scalars/enumeration.js';
import { type LimitUnit, limit, lowered } from '../kinds/scalars/limit.js';
import { cpus, integer } from '../kinds/scalars/numbers.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { group } from '../row.js';
import { NO_RESTRICTS } from '../values/strictness.js';

/** Bits of coredump_filter, see core(5), the lowest first. */
const MAPPING_BITS = [
  ...['private-anonymous', 'shared-anonymous', 'private-file-backed', 'shared-file-backed'],
  ...['elf-headers', 'private-huge', 'shared-huge', 'private-dax', 'shared-dax'],
];

const MAPPING_GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  ['all', MAPPING_BITS],
  ['default', ['private-anonymous', 'shared-anonymous', 'elf-headers', 'private-huge']],
]);

const MAPPINGS = [...MAPPING_BITS, ...MAPPING_GROUPS.keys()].sort();

const PERSONALITIES = [
  ...['arm', 'arm-be', 'arm64', 'arm64-be', 'ppc', 'ppc-le', 'ppc64', 'ppc64-le', 's390', 's390x'],
  ...['x86', 'x86-64'],
];

/** SCHED_* of linux/sched.h. */
const SCHEDULERS = { other: 0, fifo: 1, rr: 2, batch: 3, idle: 5, ext: 7 };
const SCHEDULER_WORDS = ['batch', { value: 'ext', since: 260 }, 'fifo', 'idle', 'other', 'rr'];

/** IOPRIO_CLASS_* of linux/ioprio.h. */
const IO_CLASSES = { 'best-effort': 2, idle: 3, realtime: 1 };

/** MPOL_* of linux/mempolicy.h. */
const MEMORY_POLICIES = {
  default: 0,
  preferred: 1,
  bind: 2,
  interleave: 3,
  local: 4,
  'preferred-many': 5,
  'weighted-interleave': 6,
};
const MEMORY_POLICY_WORDS = [
  ...['bind', 'default', 'interleave', 'local', 'preferred'],
  ...['preferred-many', 'weighted-interleave'].map((value) => ({ value, since: 262 })),
];

/** A limit that Linux has ignored for long. */
const ignored = (since: string, hint: string) => ({
  ineffective: { reason: `Linux has ignored it since ${since}`, hint },
});

const limits = (
  unit: LimitUnit,
  ...lines: readonly (readonly [
    name: string,
    example: string | number,
    own?: Pick<Directive, 'ineffective'>,
  ])[]
) =>
  group(
    { strictness: lowered(unit), more: { end: 'Soft', signature: 't' } },
    ...lines.map(([name, example, own = {}]) => [name, 183, limit(unit), example, own] as const),
  );

/** Limits, scheduling and memory of the service's processes. */
export const processes = (): readonly Directive[] => [
  ...limits(
    'bytes',
    ['LimitAS', '4G'],
    ['LimitCORE', 0],
    ['LimitDATA', '1.5G'],
    ['LimitFSIZE', '10M:1G'],
    ['LimitMEMLOCK', '64K'],
    ['LimitMSGQUEUE', '1M'],
    ['LimitRSS', '1G', ignored('2.4.30', 'MemoryMax= limits the memory of a service')],
    ['LimitSTACK', '8M'],
  ),
  ...limits(
    'count',
    ['LimitLOCKS', 100, ignored('2.4.25', 'no directive limits locks')],
    ['LimitNOFILE', '512:4096'],
    ['LimitNPROC', 64],
    ['LimitRTPRIO', 5],
    ['LimitSIGPENDING', 100],
  ),
  ...limits('microseconds', ['LimitRTTIME', '200ms']),
  ...limits('nice', ['LimitNICE', '+10']),
  ...limits('seconds', ['LimitCPU', '1h']),
  ...group(
    { reset: '' },
    ['CPUSchedulingPolicy', 183, oneOf(SCHEDULER_WORDS, { codes: SCHEDULERS }), 'batch'],
    ['IOSchedulingClass', 183, oneOf(Object.keys(IO_CLASSES), { codes: IO_CLASSES }), 'idle'],
    ['IOSchedulingPriority', 183, integer({ min: 0, max: 7 }), 7],
    ['NUMAPolicy', 243, oneOf(MEMORY_POLICY_WORDS, { codes: MEMORY_POLICIES }), 'local'],
    ['Nice', 183, integer({ min: -20, max: 19 }), 5],
    ['OOMScoreAdjust', 183, integer({ min: -1000, max: 1000 }), 500],
    ['Personality', 209, oneOf(PERSONALITIES), 'x86-64'],
  ),
  ...group(
    {},
    ['CPUSchedulingPriority', 183, integer({ min: 0, max: 99 }), 1],
    ['CPUSchedulingResetOnFork', 183, BOOLEAN, true],
    ['IgnoreSIGPIPE', 183, BOOLEAN, false],
    // Pages that are merged with those of others can be told apart by timing.
    ['MemoryKSM', 254, BOOLEAN, true, { strictness: NO_RESTRICTS }],
    ['MemoryTHP', 260, oneOf(['disable', 'inherit', 'madvise', 'system']), 'madvise'],
    ['TimerSlackNSec', 183, timeSpan({ unit: 'nanoseconds' }), '100us'],
  ),
  ...group(
    { reset: '', merge: 'replace' },
    // It is fatal up to 247 at least.
    [
      'CPUAffinity',
      183,
      cpus([{ value: 'numa', since: 243 }]),
      '0',
      { fatal: true, more: { end: 'FromNUMA', signature: 'b', since: 243 } },
    ],
    ['CoredumpFilter', 246, COREDUMPS, ['default', 'private-dax'], { bus: { signature: 't' } }],
    ['NUMAMask', 243, cpus([{ value: 'all', since: 247 }]), '0'],
  ),
];

const COREDUMPS = words({ of: MAPPINGS, bits: MAPPING_BITS, groups: MAPPING_GROUPS });
