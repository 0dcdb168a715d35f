import { fstatSync } from 'node:fs';
import type { Stream } from './look-of.js';

/** No terminal. */
export const NO_TERMINAL: Stream = { columns: undefined, rows: undefined };

/**
 * A stream of output. What is no character device is no terminal: that is known without Node's module for terminals,
 * which takes a while to load.
 * @param size tells the size of a stream that may be a terminal
 */
export function streamOf(fd: number, size: () => Stream): Stream {
  try {
    return fstatSync(fd).isCharacterDevice() ? size() : NO_TERMINAL;
  } catch {
    return NO_TERMINAL;
  }
}
