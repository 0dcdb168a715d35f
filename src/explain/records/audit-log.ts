/** The kernel's audit records of refused calls, as the journal and auditd's log have them. */

import type { System } from '../../machine/system.js';
import { type JournalEntry, journalEntries } from '../../systemd/formats/journal.js';
import {
  type AuditRecord,
  isAudits,
  isLoss,
  isSuppression,
  parseAuditLine,
  parseFields,
  parseKernelLine,
} from './record.js';

export interface AuditLog {
  /** Each record once, the oldest first. */
  readonly records: readonly AuditRecord[];
  /** Whether the kernel's records can be read at all. */
  readonly readable: boolean;
  /** Whether records come by the kernel's own log alone, which leaves some out where they are many. */
  readonly limited: boolean;
  /** When records were last said to be left out, in milliseconds since 1970; 0 if never. */
  readonly suppressed: number;
  /** When the kernel last said that records were lost for all who listen, in milliseconds since 1970; 0 if never. */
  readonly lost: number;
  /** When the journal begins, if it has a record of the kernel's audit, of whatever type: else the kernel may make none. */
  readonly begins: number | undefined;
  /** Whether auditd runs, which keeps records from other logs. */
  readonly hasAuditd: boolean;
}

/** The most output of a log that is read, in characters. */
const LIMIT = 32 << 20;
/** The fields that recordsIn() reads, beside those that are always there: all that there are take long. */
const FIELDS = [
  'MESSAGE',
  'MESSAGE_ID',
  'SYSLOG_FACILITY',
  '_AUDIT_ID',
  '_AUDIT_TYPE',
  '_SOURCE_REALTIME_TIMESTAMP',
  '_TRANSPORT',
];
const JOURNAL = ['journalctl', '--quiet', '--no-pager', '--output=json', `--output-fields=${FIELDS.join()}`];
/**
 * Of the kernel's entries: its audit's are notices, what is said of lost ones is an error or a warning (kernel/audit.c). Most
 * others are below that.
 */
const PRIORITIES = ['PRIORITY=3', 'PRIORITY=4', 'PRIORITY=5'];
const AUDITD = '/run/auditd.pid';

/** Matches of entries by which journald tells that it has missed entries of the kernel's (sd-messages.h). */
const MISSED: ReadonlyMap<string, string> = new Map([
  ['MESSAGE_ID', 'e9bf28e6e834481bb6f48f548ad13606'],
  ['_TRANSPORT', 'driver'],
]);

/**
 * Reads the records since a time. The journal has them from the kernel's own log or, with systemd-journald-audit.socket, from
 * its audit; where auditd runs, its log has them.
 * @param since milliseconds since 1970; undefined: since boot
 */
export async function readAuditLog(system: System, since?: number): Promise<AuditLog> {
  const from = since === undefined ? '--boot' : `--since=@${Math.floor(since / 1000)}`;
  const kernels = [
    '_TRANSPORT=kernel',
    'SYSLOG_FACILITY=0',
    ...PRIORITIES,
    '+',
    '_TRANSPORT=audit',
    '_AUDIT_TYPE=1326',
  ];
  const missed = [...MISSED].map(([name, value]) => `${name}=${value}`);
  // Newest entries come first: if there are more than are read, these count.
  const { stdout } = await system.run([...JOURNAL, '--reverse', from, ...kernels, '+', ...missed], {
    limit: LIMIT,
  });
  const hasAuditd = (await system.read(AUDITD)) !== undefined;
  const inJournal = recordsIn(stdout);
  const audited = hasAuditd ? await auditdsRecords(system) : [];
  const all = [...inJournal.records.reverse(), ...audited].sort((a, b) => a.time - b.time);
  const records = [...new Map(all.map((record) => [record.id, record])).values()];
  const readable = stdout.trim() !== '' || audited.length > 0 || (await hasKernelsEntry(system));
  return { ...inJournal, records, hasAuditd, readable, limited: inJournal.limited && !hasAuditd };
}

async function auditdsRecords(system: System): Promise<AuditRecord[]> {
  const command = ['ausearch', '--message', 'SECCOMP', '--start', 'boot', '--raw'];
  const { stdout } = await system.run(command, { limit: LIMIT });
  return stdout.split('\n').flatMap((line) => parseAuditLine(line) ?? []);
}

/** Whether the journal has anything of the kernel, which may be older than what was asked for. */
async function hasKernelsEntry(system: System): Promise<boolean> {
  const { stdout } = await system.run([
    ...JOURNAL,
    '--lines=1',
    '_TRANSPORT=kernel',
    '+',
    '_TRANSPORT=audit',
  ]);
  return stdout.trim() !== '';
}

/**
 * The kernel's records among entries of the journal. Anybody may log a line that looks like one, so that only fields of
 * journald itself tell the source. In the kernel's log only facility 0 is the kernel's: writers to /dev/kmsg can't have
 * it (devkmsg_write()).
 */
export function recordsIn(text: string) {
  const records: AuditRecord[] = [];
  let [suppressed, lost, first] = [0, 0, Number.POSITIVE_INFINITY];
  let [isAudited, limited] = [false, true];
  for (const entry of journalEntries(text)) {
    const message = entry.get('MESSAGE') ?? '';
    const time = Number(entry.get('__REALTIME_TIMESTAMP')) / 1000;
    const isKernels = entry.get('_TRANSPORT') === 'kernel' && entry.get('SYSLOG_FACILITY') === '0';
    if (isKernels) first = Math.min(first, time);
    isAudited ||= isKernels && isAudits(message);
    if ((isKernels && isSuppression(message)) || isMissed(entry)) suppressed = Math.max(suppressed, time);
    if (isKernels && isLoss(message)) lost = Math.max(lost, time);
    const audit = isKernels ? undefined : fromAudit(entry, message);
    if (audit) limited = false;
    const record = audit ?? (isKernels ? parseKernelLine(message) : undefined);
    if (record) records.push(record);
  }
  return { records, suppressed, lost, limited, begins: isAudited ? first : undefined };
}

const isMissed = (entry: JournalEntry): boolean =>
  [...MISSED].every(([name, value]) => entry.get(name) === value);

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
