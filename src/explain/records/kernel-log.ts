/** The kernel's records of calls in its own log. */
import type { KernelRecords } from './journal.js';
import { isAudits, isSuppression, parseKernelLine } from './record.js';

/**
 * An entry of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): priority, number, time, flags, text. Only facility 0
 * matches, the kernel's, which writers to /dev/kmsg can't have (devkmsg_write()), and no entry that continues another.
 */
const RECORD = /^[0-7],\d{1,20},\d{1,20},-(?:,[^;\n]*)?;([^\n]*)\n/;

/** Bytes that the kernel escapes: control characters, the backslash, all that isn't ASCII. */
const ESCAPE = /\\x([0-9a-f]{2})/g;

/** @param log entries of /dev/kmsg, the oldest first */
export function recordsInLog(log: readonly string[]): KernelRecords {
  const texts = log.flatMap((record) => textOf(record) ?? []);
  const suppressed = texts.some(isSuppression);
  return {
    records: texts.flatMap((text) => parseKernelLine(text) ?? []),
    suppressed,
    ...(suppressed ? { suppressedLast: Number.POSITIVE_INFINITY } : {}),
    audits: texts.some(isAudits),
    // The first entry since boot has the number 0.
    begins: /^\d+,0,/.test(log[0] ?? '') ? 0 : undefined,
  };
}

function textOf(record: string): string | undefined {
  const text = RECORD.exec(record)?.[1];
  return text?.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
