import * as fs from 'node:fs';
import { fileError } from './error.js';

/** The first size of the buffer, in bytes: most files of proc(5) fit. The buffer doubles when it is full. */
const FIRST_PIECE = 4096;

/**
 * Reads from a place to the end, at most `limit` bytes. A file that grows meanwhile is refused, unless only its head is wanted.
 * Files that the kernel generates (proc(5)) have the size 0.
 * @throws UserError `too-large`, `file-changed`
 */
export function readUpTo(
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
