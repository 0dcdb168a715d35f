import * as fs from 'node:fs';
import { remember } from '../../collections.js';
import { HOST, type NamespaceOf, type RootView, type Walked } from '../../systemd/unit/view.js';
import { isAbsent } from './error.js';
import { type FileTree, follow, found, type SpotLookup, walkTree } from './follow.js';

/**
 * A path to the top of a mount namespace: `..` has no effect there. A root more than 512 folders deep isn't supported.
 */
const UP = '/..'.repeat(512);

/** The result for a process whose view isn't looked at. */
const UNSEEN: Walked = { real: undefined, untrusted: [] };

/** O_PATH of asm-generic/fcntl.h, for which node has no name. */
const O_PATH = 0o10000000;

/** PROC_SUPER_MAGIC of linux/magic.h. */
const PROCFS = 0x9fa0;

/** The files of this machine. Its look() throws an error of node's where only root may look. */
const FILES: FileTree = {
  look(path) {
    try {
      return fs.lstatSync(path);
    } catch (cause) {
      if (isAbsent(cause)) return undefined;
      if (process.geteuid?.() !== 0) throw cause;
      return 'hidden';
    }
  },
  target: (link) => fs.readlinkSync(link),
  isProcfs: (folder) => fs.statfsSync(folder).type === PROCFS,
};

/**
 * Follows a path, link by link, as a service sees it or as a mount namespace has it. Every folder in which a name is
 * looked up, every link, and the path's end must be root's alone.
 * @param path absolute
 */
export function walk(path: string, from: RootView | NamespaceOf = HOST): Walked {
  return 'process' in from ? walkNamespace(path, from.process) : walkTree(FILES, path, from);
}

function walkNamespace(path: string, process: number): Walked {
  const seen = inNamespace(process, (place): Walked => {
    const walked = found(follow(FILES, path, { place }));
    const isRead = walked.real !== undefined && walked.untrusted.length === 0;
    const content = isRead ? readSmall(walked.real!) : undefined;
    return { ...walked, content, real: undefined };
  });
  return seen ?? UNSEEN;
}

/**
 * Follows paths in a process's mount namespace. No file is read: to read the kernel's log takes its records away.
 * @returns what is found, by the paths; undefined where nothing is looked at, as by walk()
 */
export function walkIn(process: number, paths: readonly string[]): ReadonlyMap<string, Walked> | undefined {
  // Paths share their folders.
  const tree = { ...FILES, look: remember(FILES.look) };
  const inside = (place: SpotLookup, path: string): Walked => {
    const followed = follow(tree, path, { place });
    const real = followed.real === undefined ? undefined : `/${followed.names.join('/')}`;
    return found({ ...followed, real });
  };
  return inNamespace(process, (place) => new Map(paths.map((path) => [path, inside(place, path)])));
}

/**
 * Looks into a process's mount namespace, from its top: a process that has changed its root sees less. A process
 * in another user namespace is left out, as it can mount file systems that would make this process wait for ever. The
 * user namespaces are compared after the root is opened, since a process can't come back from another one.
 * @returns undefined for such a process, and for one that has ended
 */
function inNamespace<T>(pid: number, look: (place: SpotLookup) => T): T | undefined {
  const opened: number[] = [];
  const open = (folder: string): string => {
    opened.push(fs.openSync(folder, O_PATH | fs.constants.O_DIRECTORY));
    return `/proc/self/fd/${opened.at(-1)}`;
  };
  try {
    const root = open(`/proc/${pid}/root`);
    const [own, its] = ['self', `${pid}`].map((one) => fs.readlinkSync(`/proc/${one}/ns/user`));
    if (own !== its) return undefined;
    const top = open(`${root}${UP}`);
    return look((names) => {
      const shown = `/${names.join('/')}`;
      return { path: `${top}${shown}`, shown, before: [] };
    });
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw cause;
  } finally {
    for (const fd of opened) fs.closeSync(fd);
  }
}

/** Largest file whose content is read, in bytes. */
const MOST_CONTENT = 4 << 20;

/** The content of a regular file; undefined for a larger one, and for other files. */
function readSmall(path: string): Uint8Array | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const facts = fs.fstatSync(fd);
    return facts.isFile() && facts.size <= MOST_CONTENT ? fs.readFileSync(fd) : undefined;
  } finally {
    fs.closeSync(fd);
  }
}
