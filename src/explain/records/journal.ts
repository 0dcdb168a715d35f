/** The output of `journalctl --output=json`: the kernel's records, and the units of processes. */
import { groupBy } from '../../collections.js';
import { type JournalEntry, journalEntries } from '../../formats/journal.js';
import { type AuditRecord, isAudits, isSuppression, parseFields, parseKernelLine } from './record.js';
import type { UserManager } from './user-manager.js';

export interface KernelRecords {
  readonly records: readonly AuditRecord[];
  /** Whether the kernel or journald left out some records, as they do if there are too many at a time. */
  readonly suppressed: boolean;
  /** When that was told last, in milliseconds since 1970; infinite if nobody knows when. */
  readonly suppressedLast?: number;
  /** Whether a record of the kernel's audit is there, of whatever type: without it the kernel may make none. */
  readonly audits: boolean;
  /**
   * The time of the oldest entry of the kernel's that is there, in milliseconds since 1970; 0 if none is missing since
   * boot, undefined if there is none.
   */
  readonly begins: number | undefined;
}

/**
 * The kernel's records among entries of the journal. Anybody may log a line that looks like one, so that only fields of
 * journald itself tell the source. In the kernel's log only facility 0 is the kernel's: writers to /dev/kmsg can't have
 * it (devkmsg_write()).
 */
export function recordsIn(text: string): KernelRecords {
  const records: AuditRecord[] = [];
  const times: number[] = [];
  const losses: number[] = [];
  let audits = false;
  for (const entry of journalEntries(text)) {
    const message = entry.get('MESSAGE') ?? '';
    const isKernels = entry.get('_TRANSPORT') === 'kernel' && entry.get('SYSLOG_FACILITY') === '0';
    if (isKernels) {
      audits ||= isAudits(message);
      times.push(timeOf(entry));
    }
    if ((isKernels && isSuppression(message)) || isMissed(entry)) losses.push(timeOf(entry));
    const record = isKernels ? parseKernelLine(message) : fromAudit(entry, message);
    if (record) records.push(record);
  }
  const begins = times.reduce((first, time) => Math.min(first, time), Number.POSITIVE_INFINITY);
  const suppressed = losses.length > 0;
  return {
    ...{ records, suppressed, audits, begins: Number.isFinite(begins) ? begins : undefined },
    ...(suppressed ? { suppressedLast: losses.reduce((last, time) => Math.max(last, time)) } : {}),
  };
}

/** Matches of entries by which journald tells that it has missed entries of the kernel's (sd-messages.h). */
export const MISSED: readonly string[] = ['MESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606', '_TRANSPORT=driver'];

const isMissed = (entry: JournalEntry): boolean =>
  MISSED.every((match) => {
    const [name, value] = match.split('=') as [string, string];
    return entry.get(name) === value;
  });

/** When journald took an entry, in milliseconds since 1970. */
const timeOf = (entry: JournalEntry): number => Number(entry.get('__REALTIME_TIMESTAMP')) / 1000;

/** A record that journald got from the kernel's audit itself; undefined for other entries. */
function fromAudit(entry: JournalEntry, message: string): AuditRecord | undefined {
  const isAudit = entry.get('_TRANSPORT') === 'audit' && entry.get('_AUDIT_TYPE') === '1326';
  const at = Number(entry.get('_SOURCE_REALTIME_TIMESTAMP') ?? entry.get('__REALTIME_TIMESTAMP'));
  const serial = entry.get('_AUDIT_ID') ?? '';
  if (!isAudit || !Number.isSafeInteger(at) || !/^\d{1,20}$/.test(serial)) return undefined;
  const time = Math.floor(at / 1000);
  const milliseconds = String(time % 1000).padStart(3, '0');
  const id = `audit(${Math.floor(time / 1000)}.${milliseconds}:${serial})`;
  return parseFields(message.replace(/^SECCOMP /, ''), { id, time });
}

/** Fields with the unit of a process, by the system's manager and by that of a user. */
interface UnitFields {
  readonly system: string;
  readonly user: string;
}

/** Fields by which journald itself tells who logged something (systemd.journal-fields(7)). */
export const SEEN: UnitFields = { system: '_SYSTEMD_UNIT', user: '_SYSTEMD_USER_UNIT' };

/** Fields by which systemd-coredump tells whose core it is. */
export const DUMPED: UnitFields = { system: 'COREDUMP_UNIT', user: 'COREDUMP_USER_UNIT' };

/** Matches of journalctl(1) on these fields, for a unit of a manager. */
export const unitMatches = ({ system, user }: UnitFields, unit: string, manager: UserManager): string[] =>
  manager === undefined ? [`${system}=${unit}`] : [`${system}=${manager}`, `${user}=${unit}`];

/** The unit in an entry; undefined if the entry has none, empty if it is none of this manager's. */
function unitIn(entry: JournalEntry, { system, user }: UnitFields, manager: UserManager): string | undefined {
  const unit = entry.get(system);
  if (manager === undefined || unit === undefined) return unit;
  return unit === manager ? (entry.get(user) ?? '') : '';
}

/** A process that logged something, as journald saw it. */
export interface Sighting {
  readonly pid: number;
  /** Empty if the unit is none of the manager that was asked for. */
  readonly unit: string;
  /** In milliseconds since 1970. */
  readonly time: number;
}

/** Sightings by process ID, in order of time; several processes may have had one ID. */
export function sightingsIn(text: string, manager: UserManager): ReadonlyMap<number, readonly Sighting[]> {
  const sightings = [...journalEntries(text)].flatMap((entry) => {
    const [pid, unit] = [Number(entry.get('_PID')), unitIn(entry, SEEN, manager)];
    const time = timeOf(entry);
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
 * Tells whose a process was at a time, by the last sighting of its ID before and the first after. `its`: both are the
 * unit's. `perhaps`: only one is, as another process may have got the ID in between. `others`: none is. `unseen`: the
 * ID was never seen.
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
  /** The time of the dump, in milliseconds since 1970. */
  readonly time: number;
  /** Matches of journalctl(1) that only this entry has: fields that journald itself adds are among them. */
  readonly matches: readonly string[];
}

/**
 * Matches of the entries that systemd-coredump logs of core dumps (sd-messages.h); its slice leaves out other senders.
 */
export const COREDUMPS: readonly string[] = [
  'MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1',
  '_SYSTEMD_SLICE=system-systemd\\x2dcoredump.slice',
];

/** Fields that tell who logged a core dump: journald takes them from no sender. */
const LOGGED_BY: ReadonlyMap<string, RegExp> = new Map([
  ['_SYSTEMD_UNIT', /^systemd-coredump@[\w.:-]+\.service$/],
  ['_PID', /^\d{1,10}$/],
  ['_BOOT_ID', /^[0-9a-f]{32}$/],
]);

/** Fields that tell which core dump an entry is about. */
const NAMED_BY: ReadonlyMap<string, RegExp> = new Map([
  ['COREDUMP_PID', /^\d{1,10}$/],
  ['COREDUMP_TIMESTAMP', /^\d{1,16}$/],
  ['COREDUMP_SIGNAL', /^31$/],
]);

/** The fields that are read of core dumps. */
export const DUMP_FIELDS: readonly string[] = [
  ...LOGGED_BY.keys(),
  ...NAMED_BY.keys(),
  ...Object.values(DUMPED),
];

/** The core dumps of a unit's processes that SIGSYS ended. Entries like these of other senders don't count. */
export function coreDumpsIn(text: string, unit: string, manager: UserManager): CoreDump[] {
  return [...journalEntries(text)].flatMap((entry) => {
    const fields = [...LOGGED_BY, ...NAMED_BY];
    const isWhole = fields.every(([name, form]) => form.test(entry.get(name) ?? ''));
    if (!isWhole || unitIn(entry, DUMPED, manager) !== unit) return [];
    const [pid, microseconds] = [Number(entry.get('COREDUMP_PID')), Number(entry.get('COREDUMP_TIMESTAMP'))];
    const matches = fields.map(([name]) => `${name}=${entry.get(name)}`);
    return [{ pid, time: Math.floor(microseconds / 1000), matches }];
  });
}
