/** What `journalctl --output=json` prints: the kernel's records, and which unit a process was of. */
import { groupBy } from '../collections.js';
import { type AuditRecord, isSuppression, parseFields, parseKernelLine } from './record.js';
import type { UserManager } from './user-manager.js';

type Entry = ReadonlyMap<string, string>;

/** One entry a line; a field that isn't text (binary, too large, twice there) is left out. */
function* entriesOf(text: string): Generator<Entry> {
  for (const line of text.split('\n')) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    yield new Map(Object.entries(value).filter((field): field is [string, string] => isText(field[1])));
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';

export interface KernelRecords {
  readonly records: readonly AuditRecord[];
  /** Whether the kernel left out some of its records, which are too many at a time. */
  readonly suppressed: boolean;
}

/**
 * The kernel's records among entries of the journal. Anybody may log a line that looks like one: believed is what
 * journald itself says of where it is from, and of the kernel's log only what has the kernel's own facility, 0, which
 * who writes to /dev/kmsg can't have (devkmsg_write()).
 */
export function recordsIn(text: string): KernelRecords {
  const records: AuditRecord[] = [];
  let suppressed = false;
  for (const entry of entriesOf(text)) {
    const message = entry.get('MESSAGE') ?? '';
    const isKernels = entry.get('_TRANSPORT') === 'kernel' && entry.get('SYSLOG_FACILITY') === '0';
    if (isKernels && isSuppression(message)) suppressed = true;
    const record = isKernels ? parseKernelLine(message) : fromAudit(entry, message);
    if (record) records.push(record);
  }
  return { records, suppressed };
}

/** What journald got from the kernel's audit itself. */
function fromAudit(entry: Entry, message: string): AuditRecord | undefined {
  const isAudit = entry.get('_TRANSPORT') === 'audit' && entry.get('_AUDIT_TYPE') === '1326';
  const at = Number(entry.get('_SOURCE_REALTIME_TIMESTAMP') ?? entry.get('__REALTIME_TIMESTAMP'));
  const serial = entry.get('_AUDIT_ID') ?? '';
  if (!isAudit || !Number.isSafeInteger(at) || !/^\d{1,20}$/.test(serial)) return undefined;
  const time = Math.floor(at / 1000);
  const milliseconds = String(time % 1000).padStart(3, '0');
  const id = `audit(${Math.floor(time / 1000)}.${milliseconds}:${serial})`;
  return parseFields(message.replace(/^SECCOMP /, ''), { id, time });
}

/** Fields that have the unit of a process by the system's manager, and by that of a user. */
interface UnitFields {
  readonly system: string;
  readonly user: string;
}

/** Fields by which journald itself says who logged something (systemd.journal-fields(7)). */
export const SEEN: UnitFields = { system: '_SYSTEMD_UNIT', user: '_SYSTEMD_USER_UNIT' };

/** Fields by which systemd-coredump says whose core it is. */
export const DUMPED: UnitFields = { system: 'COREDUMP_UNIT', user: 'COREDUMP_USER_UNIT' };

/** Matches of journalctl(1) on these fields, for a unit of a manager. */
export const unitMatches = ({ system, user }: UnitFields, unit: string, manager: UserManager): string[] =>
  manager === undefined ? [`${system}=${unit}`] : [`${system}=${manager}`, `${user}=${unit}`];

/** The unit in an entry; undefined where it has none, empty where it is none of this manager's. */
function unitIn(entry: Entry, { system, user }: UnitFields, manager: UserManager): string | undefined {
  const unit = entry.get(system);
  if (manager === undefined || unit === undefined) return unit;
  return unit === manager ? (entry.get(user) ?? '') : '';
}

/** A process that logged something, as journald saw it. */
interface Sighting {
  readonly pid: number;
  /** Empty where it is none of the manager's that was asked for. */
  readonly unit: string;
  /** In milliseconds since 1970. */
  readonly time: number;
}

/** Who logged something, by process ID and in order of time; an ID may have been several processes'. */
export function sightingsIn(text: string, manager: UserManager): ReadonlyMap<number, readonly Sighting[]> {
  const sightings = [...entriesOf(text)].flatMap((entry) => {
    const [pid, unit] = [Number(entry.get('_PID')), unitIn(entry, SEEN, manager)];
    const time = Number(entry.get('__REALTIME_TIMESTAMP')) / 1000;
    return Number.isSafeInteger(pid) && unit !== undefined && Number.isFinite(time)
      ? [{ pid, unit, time }]
      : [];
  });
  return groupBy(
    sightings.sort((a, b) => a.time - b.time),
    ({ pid }) => pid,
  );
}

/**
 * Whether a process was the unit's at a time, by who with its ID was seen last before and first after: on both sides the
 * unit, on one side, another on each that there is, or nobody. On one side alone another may have got the ID in between.
 */
export function whoseAt(
  sightings: readonly Sighting[] | undefined,
  { unit, time }: Omit<Sighting, 'pid'>,
): 'its' | 'perhaps' | 'others' | 'unseen' {
  if (sightings === undefined) return 'unseen';
  const before = sightings.filter((one) => one.time <= time).at(-1);
  const after = sightings.find((one) => one.time > time);
  const own = [before, after].filter((one) => one?.unit === unit).length;
  return own === 2 ? 'its' : own === 1 ? 'perhaps' : 'others';
}

/** A core dump that systemd-coredump has of a process that a filter killed. */
export interface CoreDump {
  readonly pid: number;
  /** When, in milliseconds since 1970. */
  readonly time: number;
  /** Matches of journalctl(1) that the entry alone has, whatever others log: fields that journald itself adds are among them. */
  readonly matches: readonly string[];
}

/** Matches of the entries that systemd-coredump logs of core dumps (sd-messages.h), and by its slice of no others. */
export const COREDUMPS: readonly string[] = [
  'MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1',
  '_SYSTEMD_SLICE=system-systemd\\x2dcoredump.slice',
];

/** Who logged a core dump: journald takes these fields from no sender. */
const LOGGED_BY: ReadonlyMap<string, RegExp> = new Map([
  ['_SYSTEMD_UNIT', /^systemd-coredump@[\w.:-]+\.service$/],
  ['_PID', /^\d{1,10}$/],
  ['_BOOT_ID', /^[0-9a-f]{32}$/],
]);

/** Which of its core dumps an entry has. */
const NAMED_BY: ReadonlyMap<string, RegExp> = new Map([
  ['COREDUMP_PID', /^\d{1,10}$/],
  ['COREDUMP_TIMESTAMP', /^\d{1,16}$/],
  ['COREDUMP_SIGNAL', /^31$/],
]);

/** The fields by which core dumps are told. */
export const DUMP_FIELDS: readonly string[] = [
  ...LOGGED_BY.keys(),
  ...NAMED_BY.keys(),
  ...Object.values(DUMPED),
];

/** The core dumps of a unit's processes that SIGSYS ended; others than systemd-coredump may log the like. */
export function coreDumpsIn(text: string, unit: string, manager: UserManager): CoreDump[] {
  return [...entriesOf(text)].flatMap((entry) => {
    const fields = [...LOGGED_BY, ...NAMED_BY];
    const isWhole = fields.every(([name, form]) => form.test(entry.get(name) ?? ''));
    if (!isWhole || unitIn(entry, DUMPED, manager) !== unit) return [];
    const [pid, microseconds] = [Number(entry.get('COREDUMP_PID')), Number(entry.get('COREDUMP_TIMESTAMP'))];
    const matches = fields.map(([name]) => `${name}=${entry.get(name)}`);
    return [{ pid, time: Math.floor(microseconds / 1000), matches }];
  });
}
