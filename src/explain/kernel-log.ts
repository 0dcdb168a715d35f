/** The kernel's records among those of its own log. */
import type { KernelRecords } from './journal.js';
import { isSuppression, parseKernelLine } from './record.js';

/**
 * A record as /dev/kmsg gives it (Documentation/ABI/testing/dev-kmsg): priority, number, time, flags, text. Taken is what
 * has the kernel's facility, 0, which who writes to /dev/kmsg can't have (devkmsg_write()), and continues no other.
 */
const RECORD = /^[0-7],\d{1,20},\d{1,20},-(?:,[^;\n]*)?;([^\n]*)\n/;

/** Bytes that the kernel doesn't print as they are: control characters, the backslash, all that isn't ASCII. */
const ESCAPE = /\\x([0-9a-f]{2})/g;

/** @param log records as /dev/kmsg gives them, the oldest first */
export function recordsInLog(log: readonly string[]): KernelRecords {
  const texts = log.flatMap((record) => textOf(record) ?? []);
  return {
    records: texts.flatMap((text) => parseKernelLine(text) ?? []),
    suppressed: texts.some(isSuppression),
  };
}

function textOf(record: string): string | undefined {
  const text = RECORD.exec(record)?.[1];
  return text?.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
