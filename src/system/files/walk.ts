import * as fs from 'node:fs';
import { join } from 'node:path';
import {
  type Bind,
  HOST,
  type NamespaceOf,
  type Untrusted,
  type View,
  type Walked,
} from '../../unit/view.js';
import { isAbsent } from './error.js';

/** The number of links in a path that the kernel follows. */
const MAX_LINKS = 40;

/**
 * A path to the top of a mount namespace: `..` has no effect there. A root more than 512 folders deep isn't supported.
 */
const UP = '/..'.repeat(512);

/** PROC_SUPER_MAGIC of linux/magic.h. The links of procfs lead each process to another place. */
const PROCFS = 0x9fa0;

/** The result for a process whose view isn't looked at. */
const UNSEEN: Walked = { real: undefined, untrusted: [], isUnseen: true };

/** O_PATH of asm-generic/fcntl.h, for which node has no name. */
const O_PATH = 0o10000000;

/** The names in a path, without empty ones and `.`. */
export const namesOf = (path: string): string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.');

/**
 * The reason why others than root can change a file, or the entries of a folder; undefined if they can't. In a sticky
 * folder others can create files, but not replace root's.
 */
export function whyUntrusted(facts: fs.Stats): string | undefined {
  if (facts.uid !== 0) return `belongs to user ${facts.uid}`;
  return isOpen(facts) && !isSticky(facts) ? WRITABLE : undefined;
}

const WRITABLE = 'can be written by others';

const isOpen = ({ mode }: fs.Stats): boolean => (mode & 0o022) !== 0;
const isSticky = (facts: fs.Stats): boolean => facts.isDirectory() && (facts.mode & 0o1000) !== 0;

/** The place where this process finds the file that somebody sees by some names. */
interface Spot {
  readonly path: string;
  /** The path in messages. */
  readonly shown: string;
  /** The directive that leads there; undefined without one. */
  readonly by?: string | undefined;
  /** Files on the way to the directive's place that others than root can change. */
  readonly before: readonly Untrusted[];
}

type Place = (names: readonly string[]) => Spot;

/**
 * Follows a path, link by link, as a service sees it or as a mount namespace has it. Every folder in which a name is
 * looked up, every link, and the path's end must be root's alone.
 * @param path absolute
 */
export function walk(path: string, from: View | NamespaceOf = HOST): Walked {
  return 'process' in from ? walkNamespace(path, from) : found(follow(path, viewPlace(from), from !== HOST));
}

const found = ({ real, untrusted }: Followed): Walked => ({
  real,
  untrusted: [...new Map(untrusted.map((one) => [one.path, one])).values()],
});

/**
 * Follows a path in a process's mount namespace, from its top: a process that has changed its root sees less. A process
 * in another user namespace is left out, as it can mount file systems that would make this process wait for ever. The
 * user namespaces are compared after the root is opened, since a process can't come back from another one.
 */
function walkNamespace(path: string, { process: pid, unread }: NamespaceOf): Walked {
  let fd: number | undefined;
  try {
    fd = fs.openSync(`/proc/${pid}/root`, O_PATH | fs.constants.O_DIRECTORY);
    const [own, its] = ['self', `${pid}`].map((one) => fs.readlinkSync(`/proc/${one}/ns/user`));
    if (own !== its) return UNSEEN;
    const top = `/proc/self/fd/${fd}${UP}`;
    const followed = follow(path, (names) => {
      const shown = `/${names.join('/')}`;
      return { path: `${top}${shown}`, shown, before: [] };
    });
    const walked = found(followed);
    const inside = walked.real === undefined ? undefined : `/${followed.names.join('/')}`;
    const isRead = walked.real !== undefined && walked.untrusted.length === 0 && !unread;
    return {
      ...walked,
      content: isRead ? readSmall(walked.real!) : undefined,
      real: undefined,
      inside,
    };
  } catch (cause) {
    if (isAbsent(cause)) return UNSEEN;
    throw cause;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
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

const within =
  (top: string, by?: string, before: readonly Untrusted[] = []): Place =>
  (names) => {
    const path = join(top, ...names);
    return { path, shown: path, by, before: before.map((one) => ({ ...one, by })) };
  };

function viewPlace({ root, binds }: View): Place {
  const hosts = within('/');
  const way = root === '/' ? undefined : follow(root, hosts);
  const inRoot = way ? within(way.real ?? root, 'RootDirectory', way.untrusted) : hosts;
  const mounts: { readonly names: readonly string[]; readonly place: Place }[] = [];
  const place: Place = (names) => {
    const mount = mounts.find((one) => one.names.every((name, i) => names[i] === name));
    return mount ? mount.place(names.slice(mount.names.length)) : inRoot(names);
  };
  // systemd mounts from the root down, so that a lower mount may be inside an upper one.
  const downward = [...binds].sort((a, b) => depthOf(a) - depthOf(b));
  for (const { source, destination, by } of downward) {
    const { real, untrusted } = follow(source, hosts);
    if (real === undefined && untrusted.length === 0) continue;
    mounts.push({ place: within(real ?? source, by, untrusted), names: follow(destination, place).names });
    // The deepest mount above a path counts.
    mounts.sort((a, b) => b.names.length - a.names.length);
  }
  return place;
}

const depthOf = ({ destination }: Bind): number => namesOf(destination).length;

interface Followed extends Walked {
  /** The names by which the path's end is seen, without links as far as the files exist. */
  readonly names: readonly string[];
}

/** @param isOthers whether somebody else follows the path, for whom links of procfs lead to other places */
function follow(path: string, place: Place, isOthers = true): Followed {
  const left = namesOf(path);
  const names: string[] = [];
  const untrusted: Untrusted[] = [];
  let links = 0;
  let folder = look(place(names));
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '..') {
      names.pop();
      folder = look(place(names));
      continue;
    }
    const next = look(place([...names, name]));
    untrusted.push(...folder.untrusted);
    if (next.facts === undefined) {
      // Others can create the missing file in a folder that they can write, even in a sticky one.
      if (folder.facts && isOpen(folder.facts)) untrusted.push(finding(folder.spot, WRITABLE));
      return { real: undefined, names: [...names, name, ...left], untrusted };
    }
    if (!next.facts.isSymbolicLink()) {
      names.push(name);
      folder = next;
      continue;
    }
    const { uid } = next.facts;
    if (uid !== 0) untrusted.push(finding(next.spot, `is a link of user ${uid}`));
    else if (isOthers && isProcfs(folder.spot.path))
      untrusted.push(finding(next.spot, 'leads each process elsewhere'));
    if (++links > MAX_LINKS) return { real: undefined, names: [...names, name, ...left], untrusted };
    const target = fs.readlinkSync(next.spot.path);
    if (target.startsWith('/')) {
      names.length = 0;
      folder = look(place(names));
    }
    left.unshift(...namesOf(target));
  }
  return { real: folder.spot.path, names, untrusted: [...untrusted, ...folder.untrusted] };
}

interface Looked {
  readonly spot: Spot;
  /** The file's facts; undefined if nothing is there. */
  readonly facts: fs.Stats | undefined;
  readonly untrusted: readonly Untrusted[];
}

const isProcfs = (folder: string): boolean => fs.statfsSync(folder).type === PROCFS;

const finding = ({ shown, by }: Spot, why: string): Untrusted => ({ path: shown, why, by });

/**
 * Looks at one place.
 * @throws an error of node's where only root may look
 */
function look(spot: Spot): Looked {
  try {
    const facts = fs.lstatSync(spot.path);
    const why = facts.isSymbolicLink() ? undefined : whyUntrusted(facts);
    return { spot, facts, untrusted: [...spot.before, ...(why ? [finding(spot, why)] : [])] };
  } catch (cause) {
    if (isAbsent(cause)) return { spot, facts: undefined, untrusted: spot.before };
    if (process.geteuid?.() !== 0) throw cause;
    // A user's own file system (FUSE) keeps root out.
    return { spot, facts: undefined, untrusted: [...spot.before, finding(spot, "can't be looked at")] };
  }
}
