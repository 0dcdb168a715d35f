/** What read-records prints: the kernel's records as they come, each with the control group of its process. */
import { groupIn } from '../formats/cgroup-mounts.js';
import { type AuditRecord, parseHeardLine } from './record.js';
import type { UserManager } from './user-manager.js';

/** A record, and the unit that its process was of when it was looked at; undefined where it had ended. */
export interface HeardRecord extends AuditRecord {
  readonly unit?: string;
}

export interface HeardRecords {
  readonly records: readonly HeardRecord[];
  /** Whether the kernel dropped some. */
  readonly suppressed: boolean;
}

/** The records in what read-records has printed, with units as `unitOfGroup` tells them. */
export function heardIn(text: string, manager: UserManager): HeardRecords {
  const records: HeardRecord[] = [];
  let suppressed = false;
  // What comes after the last line's end was cut off.
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
 * The unit of a control group: the first that is no slice; of a user's manager the first such below the manager's own
 * (systemd's documentation of its control groups), which must itself be the first of all: users name what is below theirs
 * as they like. A name that begins as a file of the kernel's has an underscore first.
 * @param manager the user's whose units are meant; undefined for the system's
 */
export function unitOfGroup(line: string, manager: UserManager): string | undefined {
  const words = (groupIn(line) ?? '').split('/').filter((word) => word !== '' && !word.endsWith('.slice'));
  if (manager !== undefined && words[0] !== manager) return undefined;
  return words[manager === undefined ? 0 : 1]?.replace(/^_/, '');
}
