import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../diagnostic.js';
import { fileError, reasonOf } from './error.js';
import { makeTrustedDirectory } from './trust.js';

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = fs.constants;

/** flock(1)'s exit status if another process holds the lock. */
const TAKEN = 1;

/**
 * Takes a lock (flock(2)). The returned function releases it, and so does the end of this process, however it ends.
 * @param wait seconds for which another process may hold it, a whole number
 * @returns undefined if another process holds it all the time
 * @throws UserError `unwritable`, `untrusted-file`
 */
export async function takeLock(path: string, wait: number): Promise<(() => void) | undefined> {
  const fd = openLock(path);
  const letGo = () => fs.closeSync(fd);
  try {
    const { status, why } = await flock(fd, wait);
    if (status === 0) return letGo;
    letGo();
    if (status === TAKEN) return undefined;
    throw fileError(
      'unwritable',
      `can't lock ${path}: ${why}`,
      'flock(1) of util-linux is needed for this: is it in PATH?',
    );
  } catch (cause) {
    if (!(cause instanceof UserError)) letGo();
    throw cause;
  }
}

/** Opens the lock's file, which other users can't open, and so can't lock. */
function openLock(path: string): number {
  try {
    makeTrustedDirectory(dirname(path));
    return fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw fileError('unwritable', `can't lock ${path}: ${reasonOf(cause)}`);
  }
}

/**
 * Locks an open file by flock(1), as Node has no call for it. The lock belongs to the open file, which this process
 * shares with the program.
 */
async function flock(fd: number, wait: number): Promise<{ status: number; why: string }> {
  const { spawn } = await import('node:child_process');
  const how = wait > 0 ? `--timeout=${wait}` : '--nonblock';
  const child = spawn('flock', ['--exclusive', how, '3'], { stdio: ['ignore', 'ignore', 'pipe', fd] });
  let why = '';
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    why += chunk;
  });
  return new Promise((resolve) => {
    child.on('error', (cause) => resolve({ status: -1, why: cause.message }));
    child.on('close', (status) => resolve({ status: status ?? -1, why: why.trim() }));
  });
}
