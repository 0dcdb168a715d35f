import { fstatSync } from 'node:fs';
import type { OutputStream } from './theme-of.js';

/** No terminal. */
export const NO_TERMINAL: OutputStream = { columns: undefined, rows: undefined };

/** The number of /dev/null and its like in Linux's list of devices. */
const MEMORY = 1;

/**
 * A stream of output. What is no character device, or /dev/null, is no terminal: that is known without Node's module for terminals,
 * which takes a while to load.
 * @param size tells the size of a stream that may be a terminal
 */
export function streamOf(fd: number, size: () => OutputStream): OutputStream {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev >> 8 !== MEMORY ? size() : NO_TERMINAL;
  } catch {
    return NO_TERMINAL;
  }
}
