import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../diagnostic.js';
import { fileError } from './error.js';
import { makeTrustedDirectory } from './trust.js';

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = fs.constants;

/** flock(1): the lock is another's. */
const TAKEN = 1;

/**
 * Takes a lock (flock(2)), which is let go by what is returned, or when this process ends, however it ends.
 * @param wait how long others may keep it, in whole seconds
 * @returns undefined where another has it all the time
 * @throws UserError `no-lock`, `untrusted-file`
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
      'no-lock',
      `can't lock ${path}: ${why}`,
      'flock(1) of util-linux does it: is it in PATH?',
    );
  } catch (cause) {
    if (!(cause instanceof UserError)) letGo();
    throw cause;
  }
}

/** Others can't open it, and so can't keep it. */
function openLock(path: string): number {
  try {
    makeTrustedDirectory(dirname(path));
    return fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw fileError('no-lock', `can't lock ${path}: ${(cause as Error).message}`);
  }
}

/** Node has no call for it; a lock belongs to the open file, which the program has from us. */
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
