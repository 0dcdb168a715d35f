import * as fs from 'node:fs';
import { codeOf, UserError } from '../../diagnostic.js';
import type { FileContent, ReadOptions } from '../system.js';
import { fileError, isAbsent, reasonOf } from './error.js';
import { assertTrustedFile } from './trust.js';

const DEFAULT_LIMIT = 1 << 20;

/** Most attempts to read a file that is being replaced. */
const ATTEMPTS = 20;

/**
 * Whether a file is /dev/null, by its number in Linux's list of devices: a link to it is an empty unit file
 * (systemd.unit(5)).
 */
const isNullDevice = (stat: fs.Stats) => stat.isCharacterDevice() && stat.rdev === ((1 << 8) | 3);

/** Whether an error says that the process or control group of an open file has ended. */
const isOver = (cause: unknown) => ['ESRCH', 'ENODEV'].includes((cause as NodeJS.ErrnoException).code ?? '');

/**
 * Reads a file for System.read(). If the file is replaced in between, the new one is read.
 * @throws UserError `unreadable`, `bad-file`, `too-large`, `file-changed`, `untrusted-file`
 */
export function readFile(path: string, options: ReadOptions = {}): FileContent | undefined {
  for (let left = ATTEMPTS; ; left--) {
    try {
      return readOnce(path, options);
    } catch (cause) {
      if (left === 1 || codeOf(cause) !== 'file-changed') throw cause;
    }
  }
}

function readOnce(path: string, options: ReadOptions): FileContent | undefined {
  const { limit = DEFAULT_LIMIT, trusted = false, head = false, from = 0 } = options;
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw fileError('unreadable', `can't read ${path}: ${reasonOf(cause)}`);
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() && !isNullDevice(stat)) {
      throw fileError('bad-file', `${path} is not a regular file`);
    }
    if (stat.size > limit && !head) {
      throw fileError('too-large', `${path} is larger than ${limit} bytes`);
    }
    // /dev/null is writable for everybody, without effect.
    if (trusted && stat.isFile()) assertTrustedFile(path, fd, stat);
    const bytes = readUpTo(fd, stat.size, { limit, head, from, path });
    return { bytes, mode: stat.mode & 0o7777, modified: stat.mtimeMs };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    if (isOver(cause)) return undefined;
    throw fileError('unreadable', `can't read ${path}: ${reasonOf(cause)}`);
  } finally {
    fs.closeSync(fd);
  }
}

/** The first size of the buffer, in bytes: most files of proc(5) fit. The buffer doubles when it is full. */
const FIRST_PIECE = 4096;

/**
 * Reads from a place to the end, at most `limit` bytes. A file that grows in between is refused, unless only its head is wanted.
 * Files that the kernel generates (proc(5)) have the size 0.
 * @throws UserError `too-large`, `file-changed`
 */
function readUpTo(
  fd: number,
  size: number,
  { limit, head, from, path }: { limit: number; head: boolean; from: number; path: string },
): Uint8Array {
  // A byte more than is wanted shows whether the file goes on.
  const room = (size === 0 ? limit : Math.min(limit, Math.max(0, size - from))) + 1;
  let buffer = Buffer.alloc(size === 0 ? Math.min(room, FIRST_PIECE) : room);
  let length = 0;
  for (;;) {
    const count = fs.readSync(fd, buffer, length, buffer.length - length, from + length);
    length += count;
    if (count === 0) return buffer.subarray(0, length);
    if (length < buffer.length) continue;
    if (length < room) {
      buffer = Buffer.concat([buffer], Math.min(room, 2 * length));
      continue;
    }
    if (head) return buffer.subarray(0, limit);
    throw size === 0
      ? fileError('too-large', `${path} is larger than ${limit} bytes`)
      : fileError('file-changed', `${path} changed while it was read`);
  }
}
