import * as fs from 'node:fs';
import { fileError } from './error.js';

/** Room for most files of proc(5), in bytes; it doubles as it is filled. */
const FIRST_PIECE = 4096;

/**
 * Reads to the end, at most `limit` bytes; a file that grows meanwhile is refused unless only its head is wanted. The
 * size of a file that the kernel makes up as it is read (proc(5)) is 0.
 */
export function readUpTo(
  fd: number,
  size: number,
  { limit, head, path }: { limit: number; head: boolean; path: string },
): Uint8Array {
  // One byte more than is wanted shows whether there is more.
  const room = (size === 0 ? limit : Math.min(limit, size)) + 1;
  let buffer = Buffer.alloc(size === 0 ? Math.min(room, FIRST_PIECE) : room);
  let length = 0;
  for (;;) {
    const count = fs.readSync(fd, buffer, length, buffer.length - length, null);
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
