import type { Directive, ValueKind } from '../directive.js';
import { words } from '../kinds/names/words.js';
import { BOOLEAN } from '../kinds/scalars/boolean.js';
import { oneOf } from '../kinds/scalars/enumeration.js';
import { type LimitUnit, limit, lowered } from '../kinds/scalars/limit.js';
import { cpus, integer } from '../kinds/scalars/numbers.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { on, row, toggle } from '../row.js';
import { NO_RESTRICTS } from '../values/strictness.js';

const resourceLimit = (
  resource: string,
  unit: LimitUnit,
  example: string | number,
  traits: Pick<Directive, 'idle'> = {},
): Directive =>
  row(`Limit${resource}`, 183, limit(unit), example, {
    ...traits,
    strictness: lowered(unit),
    more: [on(`Limit${resource}Soft`, 't')],
  });

const range = (min: number, max: number): ValueKind => integer({ min, max });

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
  'arm',
  'arm-be',
  'arm64',
  'arm64-be',
  'ppc',
  'ppc-le',
  'ppc64',
  'ppc64-le',
  's390',
  's390x',
  'x86',
  'x86-64',
];

/** SCHED_* of linux/sched.h. */
const SCHEDULERS = { other: 0, fifo: 1, rr: 2, batch: 3, idle: 5, ext: 7 };

/** IOPRIO_CLASS_* of linux/ioprio.h. */
const IO_CLASSES = { realtime: 1, 'best-effort': 2, idle: 3 };

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

/** Limits, scheduling and memory of the service's processes. */
export const processes = (): readonly Directive[] => [
  row('CPUAffinity', 183, cpus([{ value: 'numa', since: 243 }]), '0', {
    // Up to 247 at least.
    fatal: true,
    reset: '',
    merge: 'replace',
    more: [{ property: 'CPUAffinityFromNUMA', signature: 'b', since: 243 }],
  }),
  row(
    'CPUSchedulingPolicy',
    183,
    oneOf(['batch', { value: 'ext', since: 260 }, 'fifo', 'idle', 'other', 'rr'], { codes: SCHEDULERS }),
    'batch',
    {
      reset: '',
    },
  ),
  row('CPUSchedulingPriority', 183, range(0, 99), 1),
  toggle('CPUSchedulingResetOnFork', 183),
  row(
    'CoredumpFilter',
    246,
    words({ of: MAPPINGS, bits: MAPPING_BITS, groups: MAPPING_GROUPS }),
    ['default', 'private-dax'],
    {
      reset: '',
      merge: 'replace',
      bus: on('CoredumpFilter', 't'),
    },
  ),
  row('IOSchedulingClass', 183, oneOf(['best-effort', 'idle', 'realtime'], { codes: IO_CLASSES }), 'idle', {
    reset: '',
  }),
  row('IOSchedulingPriority', 183, range(0, 7), 7, { reset: '' }),
  { ...toggle('IgnoreSIGPIPE', 183), example: false },
  resourceLimit('AS', 'bytes', '4G'),
  resourceLimit('CORE', 'bytes', 0),
  resourceLimit('CPU', 'seconds', '1h'),
  resourceLimit('DATA', 'bytes', '1.5G'),
  resourceLimit('FSIZE', 'bytes', '10M:1G'),
  resourceLimit('LOCKS', 'count', 100, {
    idle: { reason: 'Linux has ignored it since 2.4.25', hint: 'nothing limits locks' },
  }),
  resourceLimit('MEMLOCK', 'bytes', '64K'),
  resourceLimit('MSGQUEUE', 'bytes', '1M'),
  resourceLimit('NICE', 'nice', '+10'),
  resourceLimit('NOFILE', 'count', '512:4096'),
  resourceLimit('NPROC', 'count', 64),
  resourceLimit('RSS', 'bytes', '1G', {
    idle: { reason: 'Linux has ignored it since 2.4.30', hint: 'MemoryMax= limits the memory of a service' },
  }),
  resourceLimit('RTPRIO', 'count', 5),
  resourceLimit('RTTIME', 'microseconds', '200ms'),
  resourceLimit('SIGPENDING', 'count', 100),
  resourceLimit('STACK', 'bytes', '8M'),
  // Pages that are merged with those of others can be told apart by timing.
  row('MemoryKSM', 254, BOOLEAN, true, { strictness: NO_RESTRICTS }),
  row('MemoryTHP', 260, oneOf(['disable', 'inherit', 'madvise', 'system']), 'madvise'),
  row('NUMAMask', 243, cpus([{ value: 'all', since: 247 }]), '0', {
    reset: '',
    merge: 'replace',
  }),
  row(
    'NUMAPolicy',
    243,
    oneOf(
      [
        'bind',
        'default',
        'interleave',
        'local',
        'preferred',
        { value: 'preferred-many', since: 262 },
        { value: 'weighted-interleave', since: 262 },
      ],
      { codes: MEMORY_POLICIES },
    ),
    'local',
    { reset: '' },
  ),
  row('Nice', 183, range(-20, 19), 5, { reset: '' }),
  row('OOMScoreAdjust', 183, range(-1000, 1000), 500, { reset: '' }),
  row('Personality', 209, oneOf(PERSONALITIES), 'x86-64', { reset: '' }),
  row('TimerSlackNSec', 183, timeSpan({ unit: 'nanoseconds' }), '100us', {}),
];
