import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { fileError } from './file-error.js';

/**
 * What root acts on must not be in others' hands: the file that was opened, and each folder on the way to it.
 * @throws UserError `untrusted-file`
 */
export function assertTrustedFile(path: string, fd: number, stat: fs.Stats) {
  if (process.geteuid?.() !== 0) return;
  // Where the opened file is, whatever the path leads to by now.
  const real = fs.readlinkSync(`/proc/self/fd/${fd}`);
  const found = fs.lstatSync(real, { throwIfNoEntry: false });
  if (found?.dev !== stat.dev || found.ino !== stat.ino) {
    throw fileError('unreadable', `${path} changed while it was read`);
  }
  const why = whyUntrusted(stat);
  if (why) throw untrusted(path, real, why, `chown root:root ${real} && chmod go-w ${real}`);
  assertTrustedFolder(path, dirname(real));
}

/** @param path what it is about; @param folder a real path */
function assertTrustedFolder(path: string, folder: string) {
  const why = whyUntrusted(fs.lstatSync(folder));
  if (why) throw untrusted(path, folder, why, 'take a place below folders that only root can change');
  if (folder !== '/') assertTrustedFolder(path, dirname(folder));
}

/** In a sticky folder others can put files, but not in the place of root's. */
function whyUntrusted(facts: fs.Stats): string | undefined {
  if (facts.uid !== 0) return `belongs to user ${facts.uid}`;
  const sticky = facts.isDirectory() && (facts.mode & 0o1000) !== 0;
  return (facts.mode & 0o022) !== 0 && !sticky ? 'can be written by others' : undefined;
}

const untrusted = (path: string, subject: string, why: string, hint: string) =>
  fileError('untrusted-file', `${subject} ${why}: root won't act on ${subject === path ? 'it' : path}`, hint);

/**
 * Makes a folder and those above it. As root nothing is made in others' folders, nor is what they made meanwhile used.
 * @throws UserError `untrusted-file`
 */
export function makeTrustedDirectory(directory: string) {
  const root = process.geteuid?.() === 0;
  if (root) assertTrustedFolder(directory, fs.realpathSync(nearestExisting(directory)));
  fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
  if (root) assertTrustedFolder(directory, fs.realpathSync(directory));
}

const nearestExisting = (directory: string): string =>
  fs.existsSync(directory) ? directory : nearestExisting(dirname(directory));
