import * as fs from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { shellWord } from '../../systemd/command-lines.js';
import { PACKAGED_LAUNCHER } from '../../systemd/paths/programs.js';
import type { Walked } from '../../systemd/unit/view.js';
import { fileError } from './error.js';
import { type FileFacts, namesOf, whyUntrusted } from './follow.js';
import { walk } from './walk.js';

/**
 * Refuses a file, on which root acts, that others than root can change: the file, each folder above it, and each link
 * on its path must be root's alone.
 * @param fd the file, opened by the path
 * @throws UserError `untrusted-file`, `file-changed`
 */
export function assertTrustedFile(path: string, fd: number, stat: fs.Stats) {
  if (process.geteuid?.() !== 0) return;
  // The opened file's own path, even if the given path now leads to another file.
  const real = fs.readlinkSync(`/proc/self/fd/${fd}`);
  const found = fs.lstatSync(real, { throwIfNoEntry: false });
  if (found?.dev !== stat.dev || found.ino !== stat.ino) throw changed(path);
  const walked = walk(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
  assertTrusted(path, { real, facts: stat, walked });
}

/** A file by its real path, and the way to it. */
interface ReachedFile {
  readonly real: string;
  readonly facts: FileFacts;
  readonly walked: Walked;
}

/**
 * Refuses a file that others than root can change, or something on the way to it.
 * @param path the path in messages
 * @throws UserError `untrusted-file`, `file-changed`
 */
export function assertTrusted(path: string, { real, facts, walked }: ReachedFile): void {
  const why = whyUntrusted(facts);
  if (why)
    throw untrusted(path, real, why, `chown root:root ${shellWord(real)} && chmod go-w ${shellWord(real)}`);
  const [first] = walked.untrusted;
  if (first) throw untrusted(path, first.path, first.why, ELSEWHERE);
  if (walked.real !== real) throw changed(path);
}

const changed = (path: string) => fileError('file-changed', `${path} changed while it was read`);

/**
 * Refuses a folder that isn't root's alone, up to `/`.
 * @param path the path in the message
 * @param folder a real path
 * @param wayOut makes the hint
 */
function assertTrustedFolder(path: string, folder: string, wayOut: TrustHint) {
  const facts = fs.lstatSync(folder);
  const why = whyUntrusted(facts);
  if (why) throw untrusted(path, folder, why, wayOut(folder, facts));
  if (folder !== '/') assertTrustedFolder(path, dirname(folder), wayOut);
}

type TrustHint = (folder: string, facts: fs.Stats) => string;

const ELSEWHERE = 'use a path below folders that only root can change';

const untrusted = (path: string, subject: string, why: string, hint: string) =>
  fileError('untrusted-file', `${subject} ${why}: root won't act on ${subject === path ? 'it' : path}`, hint);

/**
 * Makes a folder and those above it. As root it makes nothing in others' folders, and uses no folder that others made in
 * between.
 * @throws UserError `untrusted-file`
 */
export function makeTrustedDirectory(directory: string) {
  assertMayMake(directory);
  const first = makeFolders(directory);
  if (isRoot()) assertTrustedFolder(directory, fs.realpathSync(directory), wayOutOf(directory));
  if (first !== undefined) syncAbove(directory, dirname(first));
}

const isRoot = () => process.geteuid?.() === 0;

/**
 * Finds out whether makeTrustedDirectory() may make a folder, or use the one that is there.
 * @returns the nearest folder that is there
 * @throws UserError `untrusted-file`
 */
export function assertMayMake(directory: string): string {
  // systemd reports files in a linked folder by the link's target, where they can't be recognized as ours.
  if (fs.lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw fileError(
      'untrusted-file',
      `${directory} is a link: nothing is written through it`,
      'remove the link',
    );
  }
  const nearest = nearestExisting(directory);
  if (isRoot()) assertTrustedFolder(directory, fs.realpathSync(nearest), wayOutOf(directory));
  return nearest;
}

const wayOutOf = (directory: string): TrustHint =>
  directory.endsWith(LAUNCHER_FOLDER) ? mendOrPackage : mend;

/**
 * Makes new folders durable, from one up to the first that existed before.
 * @param last the folder that existed
 */
function syncAbove(directory: string, last: string) {
  for (let folder = dirname(directory); ; folder = dirname(folder)) {
    syncDirectory(folder);
    if (folder === last || folder === '/') return;
  }
}

export function syncDirectory(directory: string) {
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * The hint for a folder of services' files: the caller can't choose another place, so that the folder has to change.
 */
const mend: TrustHint = (folder, { uid }) =>
  [...(uid === 0 ? [] : [`chown root:root ${shellWord(folder)}`]), `chmod go-w ${shellWord(folder)}`].join(
    ' && ',
  );

const mendOrPackage: TrustHint = (folder, facts) =>
  `${mend(folder, facts)}, or install a package that has ${PACKAGED_LAUNCHER}`;

const LAUNCHER_FOLDER = dirname(PACKAGED_LAUNCHER).replace('/usr', '');

const nearestExisting = (directory: string): string =>
  fs.existsSync(directory) ? directory : nearestExisting(dirname(directory));

/**
 * Works in a folder that may belong to others, as may those above it. Root follows no link that others can create
 * there, not even one that has just appeared: the work is done where the path says.
 * @param use gets a path of the folder
 * @param make whether missing folders are made
 * @throws UserError `untrusted-file`
 */
export function inForeignDirectory(
  directory: string,
  use: (place: string) => void,
  { make }: { readonly make: boolean },
): void {
  if (process.geteuid?.() !== 0) {
    if (make) makeFolders(directory);
    use(directory);
    return;
  }
  let opened = fs.openSync('/', fs.constants.O_DIRECTORY);
  try {
    for (const part of namesOf(withoutRootsLinks(directory))) {
      const place = `/proc/self/fd/${opened}/${part}`;
      if (make) makeFolder(place);
      const below = openBelow(directory, place);
      fs.closeSync(opened);
      opened = below;
    }
    use(`/proc/self/fd/${opened}`);
  } finally {
    fs.closeSync(opened);
  }
}

/**
 * Makes a folder and those above it, from the top down: node's own recursion reports ENOENT on a read-only file system.
 * @returns the first folder that was made
 */
function makeFolders(directory: string): string | undefined {
  if (fs.existsSync(directory)) return undefined;
  const above = makeFolders(dirname(directory));
  makeFolder(directory);
  return above ?? directory;
}

function makeFolder(path: string) {
  try {
    fs.mkdirSync(path, 0o755);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
}

function openBelow(directory: string, path: string): number {
  if (fs.lstatSync(path).isSymbolicLink()) throw plantedLink(directory, path);
  return fs.openSync(path, fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW);
}

const plantedLink = (directory: string, link: string) => {
  const folder = fs.realpathSync(dirname(link));
  const hint = 'remove the link, or write elsewhere';
  return untrusted(
    directory,
    join(folder, basename(link)),
    'is a link that others than root can change',
    hint,
  );
};

/** A path with the links resolved that only root can change. */
function withoutRootsLinks(path: string): string {
  let real = '/';
  for (const part of namesOf(resolve(path))) {
    const next = join(real, part);
    const facts = fs.lstatSync(next, { throwIfNoEntry: false });
    const isRoots = facts?.isSymbolicLink() && facts.uid === 0 && !isForeign(real);
    real = isRoots ? fs.realpathSync(next) : next;
  }
  return real;
}

/** Whether others than root can change a folder's content, or replace the folder. */
const isForeign = (folder: string): boolean =>
  whyUntrusted(fs.lstatSync(folder)) !== undefined || (folder !== '/' && isForeign(dirname(folder)));
