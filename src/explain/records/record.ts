/** The kernel's records of calls that a filter refused, or let through with a record (type 1326, AUDIT_SECCOMP). */

import type { Phase } from '../../policy/policy.js';

/** A call as the kernel records it. */
export interface KernelRecord {
  /** The time, in milliseconds since 1970. */
  readonly time: number;
  /** The process ID in the initial namespace; undefined if a watch has seen the call. */
  readonly pid: number | undefined;
  /** The process's name and its program. The process may choose both: they are not to be trusted. */
  readonly name: string;
  readonly program: string | undefined;
  /** AUDIT_ARCH_* of the calling convention. */
  readonly arch: number;
  /** The number, unsigned 32 bits, with bit 30 for x32. */
  readonly nr: number;
  /** The filter's answer without an errno's number: SECCOMP_RET_* (linux/seccomp.h). */
  readonly action: number;
  /** The errno's number, if a watch has seen it. */
  readonly errno?: number;
  /** The six argument registers, if a recorded run has seen those that rules test; the others are 0. */
  readonly args?: readonly bigint[];
  /** How often the process has made it (default: once). */
  readonly count?: number;
}

/** A recorded call of a unit. */
export interface UnitCall extends KernelRecord {
  /** Whether one of the unit's processes is known to have made the call; else anybody may have caused it. */
  readonly certain: boolean;
  /** The phase of the unit's run that it was made in, where a watch has seen that. */
  readonly phase?: Phase;
}

/** A record with its number, `audit(SECONDS.MILLISECONDS:SERIAL)`, by which copies of one record are known. */
export interface AuditRecord extends KernelRecord {
  readonly id: string;
  readonly pid: number;
  /**
   * Whether somebody who logged in has started the process, or one that it descends from (loginuid): no process sheds
   * that.
   */
  readonly fromLogin: boolean;
  /** The machine of the record, if the log names it: a log may have other machines' records, too. */
  readonly node?: string;
}

/** The loginuid of a process that has none: AUDIT_UID_UNSET (linux/audit.h). */
const NO_LOGIN = '4294967295';

const ID = /audit\((\d{1,12})\.(\d{3}):(\d{1,20})\)/;

/**
 * Untrusted text in a record is in quotes, or in hex if it has a blank, a quote or a control character
 * (audit_log_untrustedstring()). No name can therefore end its field. Text of a security module may have blanks.
 */
const TEXT = '"[^"\\s]*"|[0-9A-F]+|\\(null\\)';
const FIELDS = new RegExp(
  '^auid=(\\d+) uid=\\d+ gid=\\d+ ses=\\d+ (?:subj=.{1,4096}? )?' +
    `pid=(\\d{1,10}) comm=(${TEXT}) exe=(${TEXT}) ` +
    'sig=\\d+ arch=([0-9a-f]{1,8}) syscall=(-?\\d{1,10}) compat=[01] ip=0x[0-9a-f]+ code=0x([0-9a-f]{1,8})$',
);

/** A length that no record comes near to, in characters. */
const MAX_LENGTH = 16_384;

/**
 * Parses the text of one entry of the kernel's log: `audit: type=1326 audit(…): auid=…`. Undefined for anything else.
 * No user's text begins an entry, but it may have line breaks in it: an entry is not to be split into lines.
 */
export const parseKernelLine = (text: string): AuditRecord | undefined =>
  parseAfter(/^audit: type=1326 /, text);

/** Whether the text of an entry of the kernel's log says that records were left out. */
export const isSuppression = (text: string): boolean =>
  /^kauditd_printk_skb: \d+ callbacks suppressed$/.test(text);

/** Whether the text of an entry of the kernel's log says that audit lost records for all who listen. */
export const isLoss = (text: string): boolean => /^audit: (?:audit_lost=|backlog limit exceeded)/.test(text);

/** Whether the text of an entry of the kernel's log is a record of its audit, of whatever type. */
export const isAudits = (text: string): boolean => /^audit: type=\d{1,5} audit\(/.test(text);

/**
 * Parses a line of auditd's log: `type=SECCOMP msg=audit(…): auid=…`, with or without auditd's additions. auditd has no
 * line break in a line (format_raw()).
 */
export function parseAuditLine(line: string): AuditRecord | undefined {
  // auditd's additions come after a group separator (auditd.conf(5), log_format).
  const own = line.split('\x1d', 1)[0]!;
  const record = parseAfter(/^(?:node=\S+ )?type=SECCOMP msg=/, own);
  const node = /^node=(\S+) /.exec(own)?.[1];
  return record && node !== undefined ? { ...record, node } : record;
}

function parseAfter(head: RegExp, line: string): AuditRecord | undefined {
  const start = line.length <= MAX_LENGTH ? head.exec(line) : null;
  const rest = start && line.slice(start[0].length);
  const id = rest ? ID.exec(rest) : null;
  if (!rest || !id || id.index !== 0 || !rest.startsWith(': ', id[0].length)) return undefined;
  const time = Number(id[1]) * 1000 + Number(id[2]);
  return parseFields(rest.slice(id[0].length + 2), { id: id[0], time });
}

/** Parses the fields of a record, as journald has them after `SECCOMP `. */
export function parseFields(
  fields: string,
  { id, time }: Pick<AuditRecord, 'id' | 'time'>,
): AuditRecord | undefined {
  const found = fields.length <= MAX_LENGTH ? FIELDS.exec(fields) : null;
  if (!found) return undefined;
  const [, login, pid, comm, exe, arch, nr, code] = found as unknown as string[];
  return {
    id,
    time,
    fromLogin: login !== NO_LOGIN,
    pid: Number(pid),
    name: textOf(comm!) ?? '',
    program: textOf(exe!),
    arch: Number.parseInt(arch!, 16),
    nr: Number(nr) >>> 0,
    action: Number.parseInt(code!, 16),
  };
}

function textOf(field: string): string | undefined {
  if (field === '(null)') return undefined;
  if (field.startsWith('"')) return field.slice(1, -1);
  const bytes = field.match(/../g) ?? [];
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
}
