/** Writes and removes files, together with the folders that exist for them alone. */
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../diagnostic.js';
import { shellWord } from '../../systemd/command-lines.js';
import { temporaryName } from '../../systemd/paths/own-files.js';
import type { PlaceOptions, RemoveOptions, WriteOptions } from '../system.js';
import { fileError, isAbsent, reasonOf } from './error.js';
import { assertMayMake, inForeignDirectory, makeTrustedDirectory, syncDirectory } from './trust.js';

type FileError = NodeJS.ErrnoException;

const unwritable = (verb: string, path: string, cause: unknown) => {
  const denied = ['EACCES', 'EPERM'].includes((cause as FileError).code ?? '');
  return fileError(
    'unwritable',
    `can't ${verb} ${path}: ${reasonOf(cause)}`,
    denied ? 'this needs root' : undefined,
  );
};

/**
 * Writes a file for System.replace().
 * @throws UserError `unwritable`, `untrusted-file`
 */
export function replaceFile(path: string, content: Uint8Array, options: WriteOptions): void {
  const write = (directory: string) => replaceIn(directory, basename(path), content, options);
  const isNew = !fs.existsSync(dirname(path));
  try {
    if (options.foreign) inForeignDirectory(dirname(path), write, { make: true });
    else {
      makeTrustedDirectory(dirname(path));
      write(dirname(path));
    }
  } catch (cause) {
    if (isNew) leaveNoFolder(dirname(path), placesOf(options));
    if (cause instanceof UserError) throw cause;
    throw unwritable('write', path, cause);
  }
}

/**
 * Finds out for System.assertWritable() whether files can be written in a folder.
 * @throws UserError `unwritable`, `untrusted-file`
 */
export function assertWritableFolder(directory: string, make: boolean): void {
  try {
    if (!make && !fs.existsSync(directory)) throw noFolder(directory);
    // Root may do all that permissions forbid: access(2) shows read-only file systems and immutable folders.
    fs.accessSync(`${assertMayMake(directory)}/.`, fs.constants.W_OK | fs.constants.X_OK);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw unwritable('write in', directory, cause);
  }
}

const noFolder = (directory: string) =>
  fileError(
    'unwritable',
    `can't write in ${directory}: no such folder`,
    `'mkdir -p ${shellWord(directory)}' makes it`,
  );

/**
 * Removes a file for System.remove().
 * @throws UserError `unwritable`, `untrusted-file`
 */
export function removeFile(path: string, options: RemoveOptions = {}): void {
  const within = placesOf(options);
  const goes = (folder: string) =>
    CONTAINERS.test(folder) || (options.within !== undefined && folder.startsWith(`${options.within}/`));
  try {
    // A missing file isn't removed, as the disk may be read-only, and its folder stays.
    within(dirname(path), (place) => fs.lstatSync(join(place, basename(path))));
    within(dirname(path), (place) => fs.rmSync(join(place, basename(path))));
    within(removeEmpty(dirname(path), within, goes), syncDirectory);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    if (isAbsent(cause)) return;
    throw unwritable('remove', path, cause);
  }
}

/** Writes a file completely, or not at all. */
function replaceIn(directory: string, name: string, content: Uint8Array, { mode, modified }: WriteOptions) {
  const temporary = join(directory, temporaryName(crypto.randomUUID()));
  try {
    const fd = fs.openSync(temporary, 'wx', 0o600);
    try {
      fs.writeFileSync(fd, content);
      fs.fchmodSync(fd, mode);
      if (modified !== undefined) fs.futimesSync(fd, modified / 1000, modified / 1000);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, join(directory, name));
    syncDirectory(directory);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** Folders that exist only for the files in them: ours, those of units' recordings, and those of drop-ins. */
const CONTAINERS = /\/(?:sandbox-unit(?:\/runs|\/recordings(?:\/[^/]+)?)?|[^/]+\.(?:d|programs(?:\/~\d+)?))$/;

/** Does something in a folder. */
type Within = (directory: string, use: (place: string) => void) => void;

const placesOf = ({ foreign = false }: PlaceOptions): Within =>
  foreign
    ? (directory, use) => inForeignDirectory(directory, use, { make: false })
    : (directory, use) => use(directory);

/**
 * Removes a folder that was made for a file that could not be written. Errors are dropped, since the file's own error
 * is reported.
 */
function leaveNoFolder(directory: string, within: Within) {
  try {
    removeEmpty(directory, within);
  } catch {
    return;
  }
}

/** Errors of rmdir(2) for a folder that has entries, or a mount on it. */
const STAYS: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'EBUSY']);

/**
 * Removes a folder and those above it, as far as they may go and are empty.
 * @param goes whether a folder was made for its files
 * @returns the first that stays
 */
function removeEmpty(
  directory: string,
  within: Within,
  goes = (folder: string): boolean => CONTAINERS.test(folder),
): string {
  if (!goes(directory)) return directory;
  const above = dirname(directory);
  try {
    within(above, (place) => fs.rmdirSync(join(place, basename(directory))));
  } catch (cause) {
    if (!STAYS.has((cause as FileError).code ?? '')) throw cause;
    return directory;
  }
  return removeEmpty(above, within, goes);
}
