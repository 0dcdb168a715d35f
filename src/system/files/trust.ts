import * as fs from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { PACKAGED_LAUNCHER } from '../../paths.js';
import { shellWord } from '../../unit/exec/shell-word.js';
import { fileError } from './error.js';
import { namesOf, walk, whyUntrusted } from './walk.js';

/**
 * A file that root acts on must not be in others' hands: itself, each folder above it, and each link by which the path
 * leads there.
 * @param fd the file, opened by the path
 * @throws UserError `untrusted-file`
 */
export function assertTrustedFile(path: string, fd: number, stat: fs.Stats) {
  if (process.geteuid?.() !== 0) return;
  // Where the opened file is, whatever the path leads to by now.
  const real = fs.readlinkSync(`/proc/self/fd/${fd}`);
  const found = fs.lstatSync(real, { throwIfNoEntry: false });
  if (found?.dev !== stat.dev || found.ino !== stat.ino) throw changed(path);
  const why = whyUntrusted(stat);
  if (why)
    throw untrusted(path, real, why, `chown root:root ${shellWord(real)} && chmod go-w ${shellWord(real)}`);
  const walked = walk(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
  const [first] = walked.untrusted;
  if (first) throw untrusted(path, first.path, first.why, ELSEWHERE);
  if (walked.real !== real) throw changed(path);
}

const changed = (path: string) => fileError('file-changed', `${path} changed while it was read`);

/** @param path what it is about; @param folder a real path; @param wayOut the hint for a folder that isn't root's alone */
function assertTrustedFolder(path: string, folder: string, wayOut: WayOut) {
  const facts = fs.lstatSync(folder);
  const why = whyUntrusted(facts);
  if (why) throw untrusted(path, folder, why, wayOut(folder, facts));
  if (folder !== '/') assertTrustedFolder(path, dirname(folder), wayOut);
}

type WayOut = (folder: string, facts: fs.Stats) => string;

const ELSEWHERE = 'take a place below folders that only root can change';

const untrusted = (path: string, subject: string, why: string, hint: string) =>
  fileError('untrusted-file', `${subject} ${why}: root won't act on ${subject === path ? 'it' : path}`, hint);

/**
 * Makes a folder and those above it. As root nothing is made in others' folders, nor is what they made meanwhile used.
 * @throws UserError `untrusted-file`
 */
export function makeTrustedDirectory(directory: string) {
  const root = process.geteuid?.() === 0;
  // systemd names what is in such a folder by where the link leads: it isn't seen to be ours any more.
  if (fs.lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw fileError(
      'untrusted-file',
      `${directory} is a link: nothing is written through it`,
      'remove the link',
    );
  }
  const wayOut = directory.endsWith(LAUNCHER_FOLDER) ? mendOrPackage : mend;
  if (root) assertTrustedFolder(directory, fs.realpathSync(nearestExisting(directory)), wayOut);
  const first = makeFolders(directory);
  if (root) assertTrustedFolder(directory, fs.realpathSync(directory), wayOut);
  if (first !== undefined) syncAbove(directory, dirname(first));
}

/** Makes durable that folders are there: from one up to the first that was there before. */
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

/** Where services' files are isn't for the caller to choose: the folder has to change. */
const mend: WayOut = (folder, { uid }) =>
  [...(uid === 0 ? [] : [`chown root:root ${shellWord(folder)}`]), `chmod go-w ${shellWord(folder)}`].join(
    ' && ',
  );

const mendOrPackage: WayOut = (folder, facts) =>
  `${mend(folder, facts)}, or install a package that has ${PACKAGED_LAUNCHER}`;

const LAUNCHER_FOLDER = dirname(PACKAGED_LAUNCHER).replace('/usr', '');

const nearestExisting = (directory: string): string =>
  fs.existsSync(directory) ? directory : nearestExisting(dirname(directory));

/**
 * Works in a folder, whoever's it and those above it are. As root no link is followed that others can put there, not even
 * one that comes in between: what is done is done where the path says.
 * @param use gets a path of the folder
 * @param make makes what isn't there of the folder and those above it
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
 * Makes a folder and those above it, from the top: node's own recursion says ENOENT where a file system is read-only.
 * @returns the first that was made
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
  return untrusted(directory, join(folder, basename(link)), "is a link that isn't root's alone", hint);
};

/** The path with the links followed that only root can change. */
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

/** Whether others can change what is in a folder, or put another in its place. */
const isForeign = (folder: string): boolean =>
  whyUntrusted(fs.lstatSync(folder)) !== undefined || (folder !== '/' && isForeign(dirname(folder)));
