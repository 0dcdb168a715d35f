import {
  type Directive,
  type LimitUnit,
  NO_RESTRICTS,
  on,
  oneOf,
  row,
  toggle,
  type ValueKind,
} from '../row.js';

const limit = (
  resource: string,
  unit: LimitUnit,
  example: string | number,
  traits: Pick<Directive, 'idle'> = {},
): Directive =>
  row(`Limit${resource}`, 183, { type: 'limit', unit }, example, {
    ...traits,
    strictness: { rule: 'limit' },
    bus: on(`Limit${resource}`, 't'),
    more: [on(`Limit${resource}Soft`, 't')],
  });

const integer = (min: number, max: number): ValueKind => ({ type: 'integer', min, max });

const MAPPINGS = [
  'all',
  'default',
  'elf-headers',
  'private-anonymous',
  'private-dax',
  'private-file-backed',
  'private-huge',
  'shared-anonymous',
  'shared-dax',
  'shared-file-backed',
  'shared-huge',
];

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

/** Limits, scheduling and memory of the service's processes. */
export const PROCESS: readonly Directive[] = [
  row('CPUAffinity', 183, { type: 'cpus', words: [{ value: 'numa', since: 243 }] }, '0', {
    // Up to 247 at least.
    fatal: true,
    reset: '',
    merge: 'replace',
    bus: on('CPUAffinity', 'ay'),
    more: [{ property: 'CPUAffinityFromNUMA', signature: 'b', since: 243 }],
  }),
  row(
    'CPUSchedulingPolicy',
    183,
    oneOf(['batch', { value: 'ext', since: 260 }, 'fifo', 'idle', 'other', 'rr']),
    'batch',
    {
      reset: '',
      bus: on('CPUSchedulingPolicy', 'i'),
    },
  ),
  row('CPUSchedulingPriority', 183, integer(0, 99), 1, { bus: on('CPUSchedulingPriority', 'i') }),
  toggle('CPUSchedulingResetOnFork', 183),
  row('CoredumpFilter', 246, { type: 'words', of: MAPPINGS }, ['default', 'private-dax'], {
    reset: '',
    merge: 'replace',
    bus: on('CoredumpFilter', 't'),
  }),
  row('IOSchedulingClass', 183, oneOf(['best-effort', 'idle', 'realtime']), 'idle', {
    reset: '',
    bus: on('IOSchedulingClass', 'i'),
  }),
  row('IOSchedulingPriority', 183, integer(0, 7), 7, { reset: '', bus: on('IOSchedulingPriority', 'i') }),
  { ...toggle('IgnoreSIGPIPE', 183), example: false },
  limit('AS', 'bytes', '4G'),
  limit('CORE', 'bytes', 0),
  limit('CPU', 'seconds', '1h'),
  limit('DATA', 'bytes', '1.5G'),
  limit('FSIZE', 'bytes', '10M:1G'),
  limit('LOCKS', 'count', 100, {
    idle: { reason: 'Linux has ignored it since 2.4.25', hint: 'nothing limits locks' },
  }),
  limit('MEMLOCK', 'bytes', '64K'),
  limit('MSGQUEUE', 'bytes', '1M'),
  limit('NICE', 'nice', '+10'),
  limit('NOFILE', 'count', '512:4096'),
  limit('NPROC', 'count', 64),
  limit('RSS', 'bytes', '1G', {
    idle: { reason: 'Linux has ignored it since 2.4.30', hint: 'MemoryMax= limits the memory of a service' },
  }),
  limit('RTPRIO', 'count', 5),
  limit('RTTIME', 'microseconds', '200ms'),
  limit('SIGPENDING', 'count', 100),
  limit('STACK', 'bytes', '8M'),
  // Pages that are merged with those of others can be told apart by timing.
  row('MemoryKSM', 254, { type: 'boolean' }, true, { strictness: NO_RESTRICTS, bus: on('MemoryKSM', 'b') }),
  row('MemoryTHP', 260, oneOf(['disable', 'inherit', 'madvise', 'system']), 'madvise'),
  row('NUMAMask', 243, { type: 'cpus', words: [{ value: 'all', since: 247 }] }, '0', {
    reset: '',
    merge: 'replace',
    bus: on('NUMAMask', 'ay'),
  }),
  row(
    'NUMAPolicy',
    243,
    oneOf([
      'bind',
      'default',
      'interleave',
      'local',
      'preferred',
      { value: 'preferred-many', since: 262 },
      { value: 'weighted-interleave', since: 262 },
    ]),
    'local',
    { bus: on('NUMAPolicy', 'i'), reset: '' },
  ),
  row('Nice', 183, integer(-20, 19), 5, { reset: '', bus: on('Nice', 'i') }),
  row('OOMScoreAdjust', 183, integer(-1000, 1000), 500, { reset: '', bus: on('OOMScoreAdjust', 'i') }),
  row('Personality', 209, oneOf(PERSONALITIES), 'x86-64', { reset: '' }),
  row('TimerSlackNSec', 183, { type: 'time', unit: 'nanoseconds' }, '100us', {
    bus: on('TimerSlackNSec', 't'),
  }),
];
