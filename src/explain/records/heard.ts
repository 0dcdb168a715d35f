/** The output of read-records: the kernel's records as they come, each with the control group of its process. */
import { groupIn } from '../../formats/cgroup-mounts.js';
import { type AuditRecord, parseHeardLine } from './record.js';
import type { UserManager } from './user-manager.js';

/** A record, and the unit that its process was in when the reader looked; undefined if the process had ended. */
export interface HeardRecord extends AuditRecord {
  readonly unit?: string;
}

export interface HeardRecords {
  readonly records: readonly HeardRecord[];
  /** Whether the kernel dropped some. */
  readonly suppressed: boolean;
}

/** The records in the output of read-records, with units as `unitOfGroup` tells them. */
export function heardIn(text: string, manager: UserManager): HeardRecords {
  const records: HeardRecord[] = [];
  let suppressed = false;
  // A line without an end was cut off.
  for (const line of text.split('\n').slice(0, -1)) {
    const record = parseHeardLine(line);
    if (record) records.push(record);
    else if (line === 'lost') suppressed = true;
    else if (line.startsWith('group ')) {
      const last = records.at(-1);
      const unit = unitOfGroup(line.slice('group '.length), manager);
      if (last && unit !== undefined) records[records.length - 1] = { unit, ...last };
    }
  }
  return { records, suppressed };
}

/**
 * The unit of a control group: the first name that is no slice. For a user's manager the first of these must be the
 * manager's own unit, and the next one is the answer (systemd's documentation of its control groups). Users name groups
 * below their manager as they like. An underscore stands before a name that begins as a file of the kernel's.
 * @param manager the manager of the user whose units are meant; undefined for the system's
 */
export function unitOfGroup(line: string, manager: UserManager): string | undefined {
  const words = (groupIn(line) ?? '').split('/').filter((word) => word !== '' && !word.endsWith('.slice'));
  if (manager !== undefined && words[0] !== manager) return undefined;
  return words[manager === undefined ? 0 : 1]?.replace(/^_/, '');
}
