/** Directives of which the last assignment holds: what the bus has for a right-hand side. */

import { parseSpan } from '../../policy/time-span.js';
import { parseLimits, parsePercent, parseSize } from '../format/numbers.js';
import type { OwnKind } from '../own-kinds.js';
import type { Directive, ValueKind } from '../table.js';
import { bytesOfBase64, INFINITY, withoutSpecifiers } from './elements.js';
import type { ListType } from './lists.js';
import type { SetType } from './sets.js';

/** Properties and their values. What can't be told from outside the manager is left out. */
export type Expected = ReadonlyMap<string, unknown>;

type Kind<T extends ValueKind['type']> = Extract<ValueKind, { type: T }>;

const NOTHING: Expected = new Map();
const NANOSECONDS_A_SECOND = 1_000_000_000n;

/** LOG_* of syslog.h. */
const LEVELS = { emerg: 0, alert: 1, crit: 2, err: 3, warning: 4, notice: 5, info: 6, debug: 7 };
const FACILITIES = 'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp'.split(' ');
const LOCAL_FACILITIES = Array.from({ length: 8 }, (_, i) => [`local${i}`, 16 + i]);

/** Numbers of words: SCHED_* and MPOL_* of the kernel's headers, IOPRIO_CLASS_*, MS_* of sys/mount.h. */
const CODES: ReadonlyMap<string, Readonly<Record<string, number | bigint>>> = new Map(
  Object.entries({
    CPUSchedulingPolicy: { other: 0, fifo: 1, rr: 2, batch: 3, idle: 5, ext: 7 },
    LogLevelMax: LEVELS,
    SyslogLevel: LEVELS,
    SyslogFacility: Object.fromEntries([...FACILITIES.map((name, i) => [name, i]), ...LOCAL_FACILITIES]),
    IOSchedulingClass: { realtime: 1, 'best-effort': 2, idle: 3 },
    MountFlags: { shared: 1 << 20, slave: 1 << 19, private: 1 << 18 },
    NUMAPolicy: {
      default: 0,
      preferred: 1,
      bind: 2,
      interleave: 3,
      local: 4,
      'preferred-many': 5,
      'weighted-interleave': 6,
    },
  }),
);

/** What newer systemd calls `yes` in the property that has more words than two. */
const YES: ReadonlyMap<string, string> = new Map([
  ['PrivateTmpEx', 'connected'],
  ['PrivateUsersEx', 'self'],
]);

/** The property that knows all words of an enumeration, where there is a second one; else the first. */
function enumeration(text: string, row: Directive): Expected {
  const values = new Map<string, unknown>();
  const [word, suffix = ''] = text.split(':') as [string, string?];
  const { property, signature } = row.bus;
  const codes = CODES.get(property);
  values.set(property, codes ? codes[text] : signature === 'b' ? text !== 'no' : text);
  for (const more of row.more ?? []) {
    const named = text === 'yes' ? (YES.get(more.property) ?? text) : text;
    if (more.signature === 's') values.set(more.property, named);
    else if (withoutSpecifiers(suffix) !== undefined) values.set(more.property, [word, suffix]);
  }
  return values;
}

/** Microseconds of a span, or nanoseconds. */
function span(text: string, unit: 'seconds' | 'nanoseconds'): bigint | undefined {
  if (text === 'infinity') return INFINITY;
  if (unit === 'nanoseconds') return parseSpan(text, 1n);
  const length = parseSpan(text, NANOSECONDS_A_SECOND);
  return length === undefined ? undefined : length / 1000n;
}

function limits(text: string, row: Directive, kind: Kind<'limit'>): Expected {
  const parsed = parseLimits(text, kind.unit);
  if (parsed === undefined) return NOTHING;
  const [soft, hard] = parsed.map((side) => {
    if (side === Number.POSITIVE_INFINITY) return INFINITY;
    const number = BigInt(side);
    if (kind.unit === 'seconds') return (number + NANOSECONDS_A_SECOND - 1n) / NANOSECONDS_A_SECOND;
    return kind.unit === 'microseconds' ? number / 1000n : number;
  });
  return new Map([
    [row.bus.property, hard],
    [`${row.bus.property}Soft`, soft],
  ]);
}

/** A share is kept as an amount of what the machine has. */
function size(text: string, kind: Kind<'size'>): unknown {
  if (kind.off) {
    const amount = parseSize(text, 1024);
    return text === 'off' || amount === undefined ? undefined : [amount, 0xffffffff, 'yes'];
  }
  return text === 'infinity' ? INFINITY : parseSize(text, 1024);
}

/** CPUQuota= in microseconds of each second, others as a share of 2³²−1. */
function percent(text: string, row: Directive): unknown {
  const share = parsePercent(text, 1_000_000);
  if (share === undefined) return undefined;
  if (row.bus.signature === 't') return share * 100;
  return (BigInt(share) * 0xffffffffn + 5000n) / 10_000n;
}

function hash(text: string): Expected {
  if (text.startsWith('/')) return new Map([['RootHashPath', text]]);
  return new Map([['RootHash', text.match(/../g)!.map((digits) => Number.parseInt(digits, 16))]]);
}

const signature = (text: string): Expected =>
  text.startsWith('/')
    ? new Map([['RootHashSignaturePath', text]])
    : new Map([['RootHashSignature', bytesOfBase64(text.slice('base64:'.length))]]);

function label(text: string): unknown {
  const plain = withoutSpecifiers(text);
  return plain === undefined ? undefined : [plain.startsWith('-'), plain.replace(/^-/, '')];
}

/** `-` in front of a working directory is `!` on the bus. */
const path = (text: string): unknown => withoutSpecifiers(text.replace(/^-/, '!'));

/** Kinds whose last assignment holds. `words` is here for its booleans. */
type ScalarType = Exclude<
  ValueKind['type'],
  Exclude<ListType, 'words'> | SetType | OwnKind['type'] | 'prefixes'
>;

const EXPECTED: { readonly [T in ScalarType]: (text: string, row: Directive, kind: Kind<T>) => unknown } = {
  boolean: (text, row) => (row.bus.signature === 'b' ? text === 'yes' : text),
  enum: enumeration,
  integer: (text) => (text === 'idle' ? 0 : Number(text)),
  interface: withoutSpecifiers,
  label,
  limit: limits,
  mode: (text) => Number.parseInt(text, 8),
  name: withoutSpecifiers,
  path,
  percent,
  'root-hash': hash,
  signature,
  size: (text, _row, kind) => size(text, kind),
  tasks: (text) => (text === 'infinity' ? INFINITY : text.endsWith('%') ? undefined : Number(text)),
  time: (text, _row, kind) => span(text, kind.unit),
  user: withoutSpecifiers,
  words: (text) => text === 'yes',
};

/**
 * What the properties of a directive have after an assignment, as far as that can be told: not what specifiers stand
 * for, what shares of the machine's memory come to, or what an empty value leaves.
 */
export function expectedScalar(row: Directive, text: string): Expected {
  if (text === '') return NOTHING;
  const expect = EXPECTED[row.kind.type as ScalarType] as (
    text: string,
    row: Directive,
    kind: ValueKind,
  ) => unknown;
  const value = expect(text, row, row.kind);
  if (value instanceof Map) return value;
  return value === undefined ? NOTHING : new Map([[row.bus.property, value]]);
}
