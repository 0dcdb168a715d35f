/** The kernel's records of refused calls, wherever a machine keeps them. */

import type { System } from '../../system/system.js';
import { type KernelRecords, MISSED, recordsIn } from './journal.js';
import { recordsInLog } from './kernel-log.js';
import { JOURNAL, LIMIT } from './own-records.js';
import { parseAuditLine } from './record.js';

export interface LoggedRecords extends KernelRecords {
  /** Whether the kernel's records can be read at all. */
  readonly readable: boolean;
  /** The further entries that were asked for, among others, the newest first. */
  readonly entries: string;
}

/** Entries of the journal that are looked for. */
interface Sought {
  /** The option of journalctl(1) that says from when on: `--boot`. */
  readonly from: string;
  /** Matches of further entries, which are no records. */
  readonly also?: readonly string[];
  /** Most characters to read. */
  readonly limit?: number;
}

/**
 * The kernel's records in the journal. If there are none, auditd's log is read, which gets them in the place of other
 * logs; then the kernel's own log, if the journal has nothing of the kernel's.
 */
export async function kernelRecords(
  system: System,
  { from, also, limit = LIMIT }: Sought,
): Promise<LoggedRecords> {
  const kernels = ['_TRANSPORT=kernel', 'SYSLOG_FACILITY=0', '+', '_TRANSPORT=audit', '_AUDIT_TYPE=1326'];
  const matches = [...kernels, '+', ...MISSED, ...(also ? ['+', ...also] : [])];
  // Newest entries come first: if there are more than are read, these count.
  const { stdout: entries } = await system.run([...JOURNAL, '--reverse', from, ...matches], { limit });
  const newestFirst = recordsIn(entries);
  const inJournal = { ...newestFirst, entries, records: [...newestFirst.records].reverse() };
  if (inJournal.records.length > 0) return { ...inJournal, readable: true };
  const byAuditd = await system.run(['ausearch', '--message', 'SECCOMP', '--start', 'boot', '--raw'], {
    limit: LIMIT,
  });
  const audited = byAuditd.stdout.split('\n').flatMap((line) => parseAuditLine(line) ?? []);
  if (audited.length > 0) return { ...inJournal, records: audited, readable: true };
  if (inJournal.begins !== undefined) return { ...inJournal, readable: true };
  const any = await system.run([...JOURNAL, '--lines=1', '_TRANSPORT=kernel', '+', '_TRANSPORT=audit']);
  if (any.stdout.trim() !== '') return { ...inJournal, readable: true };
  const log = await system.kernelLog(LIMIT);
  const inLog = recordsInLog(log?.records ?? []);
  return {
    ...inLog,
    entries,
    ...(log?.isWhole === false ? { suppressed: true, suppressedLast: Number.POSITIVE_INFINITY } : {}),
    readable: log !== undefined && log.records.length > 0,
  };
}
