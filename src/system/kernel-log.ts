import * as fs from 'node:fs';
import type { KernelLog } from './system.js';

const PATH = '/dev/kmsg';

/**
 * Whether the open file is /dev/kmsg, by its number in Linux's list of devices: some containers have another file
 * there.
 */
const isKernels = (stat: fs.Stats) => stat.isCharacterDevice() && stat.rdev === ((1 << 8) | 11);

/** Room for a record, in bytes (PRINTK_MESSAGE_MAX, CONSOLE_EXT_LOG_MAX). */
const MAX_RECORD = 1 << 14;

/** Reads the kernel's log for System.kernelLog(). */
export function readKernelLog(limit: number): KernelLog | undefined {
  let fd: number;
  try {
    fd = fs.openSync(PATH, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  } catch {
    return undefined;
  }
  try {
    return isKernels(fs.fstatSync(fd)) ? readRecords(fd, limit) : undefined;
  } finally {
    fs.closeSync(fd);
  }
}

function readRecords(fd: number, limit: number): KernelLog | undefined {
  const records: string[] = [];
  const buffer = Buffer.alloc(MAX_RECORD);
  let isWhole = true;
  for (let size = 0; size < limit; ) {
    const length = readRecord(fd, buffer);
    if (length === 'end') return { records, isWhole };
    if (length === 'failed') return undefined;
    if (length === 'lost') {
      isWhole = false;
      continue;
    }
    records.push(buffer.toString('latin1', 0, length));
    size += length;
  }
  return { records, isWhole: false };
}

/**
 * Reads one record, as each read(2) does (Documentation/ABI/testing/dev-kmsg).
 * @returns its length, or the reason why there is none
 */
function readRecord(fd: number, buffer: Buffer): number | 'end' | 'lost' | 'failed' {
  try {
    return fs.readSync(fd, buffer, 0, buffer.length, null) || 'end';
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return 'end';
    // The kernel has overwritten the next records.
    return code === 'EPIPE' ? 'lost' : 'failed';
  }
}
