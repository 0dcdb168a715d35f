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

/** More links than the kernel follows. */
const MAX_LINKS = 40;

/** To the top of a mount namespace: `..` stays where nothing is above. From a root that is deeper nothing is found. */
const UP = '/..'.repeat(512);

/** PROC_SUPER_MAGIC of linux/magic.h: its links lead each process elsewhere. */
const PROCFS = 0x9fa0;

/** Of a process whose view isn't looked at. */
const UNSEEN: Walked = { real: undefined, untrusted: [], isUnseen: true };

/** O_PATH of asm-generic/fcntl.h, which node has no name for. */
const O_PATH = 0o10000000;

/** The names in a path, without those that stand for the folder itself. */
export const namesOf = (path: string): string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.');

/**
 * Why others than root can change a file, or the entries of a folder. In a sticky folder others can make files, but put
 * none in the place of root's.
 */
export function whyUntrusted(facts: fs.Stats): string | undefined {
  if (facts.uid !== 0) return `belongs to user ${facts.uid}`;
  return isOpen(facts) && !isSticky(facts) ? WRITABLE : undefined;
}

const WRITABLE = 'can be written by others';

const isOpen = ({ mode }: fs.Stats): boolean => (mode & 0o022) !== 0;
const isSticky = (facts: fs.Stats): boolean => facts.isDirectory() && (facts.mode & 0o1000) !== 0;

/** Where this process finds what somebody sees by some names, and what else others than root decide on by that. */
interface Spot {
  readonly path: string;
  /** For people. */
  readonly shown: string;
  /** The directive that leads there, if one does. */
  readonly by?: string | undefined;
  /** On the way to where that directive leads. */
  readonly before: readonly Untrusted[];
}

type Place = (names: readonly string[]) => Spot;

/**
 * Follows a path, link by link, as a service sees it or as a mount namespace has it. Each folder in which a name is
 * looked up, each link, and where the path leads must be root's alone.
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
 * A process's mount namespace from its top on: a process that has changed its root sees less. A process in a user
 * namespace of its own can mount there what makes this one wait for ever, so that nothing is looked up in it; since it
 * can't come back from there, its root was of no such namespace if it isn't in one after that was opened.
 */
function walkNamespace(path: string, { process: pid }: NamespaceOf): Walked {
  let fd: number | undefined;
  try {
    fd = fs.openSync(`/proc/${pid}/root`, O_PATH | fs.constants.O_DIRECTORY);
    const [own, its] = ['self', `${pid}`].map((one) => fs.readlinkSync(`/proc/${one}/ns/user`));
    if (own !== its) return UNSEEN;
    const top = `/proc/self/fd/${fd}${UP}`;
    const walked = found(
      follow(path, (names) => {
        const shown = `/${names.join('/')}`;
        return { path: `${top}${shown}`, shown, before: [] };
      }),
    );
    const isTrusted = walked.real !== undefined && walked.untrusted.length === 0;
    return { ...walked, content: isTrusted ? readSmall(walked.real) : undefined, real: undefined };
  } catch (cause) {
    if (isAbsent(cause)) return UNSEEN;
    throw cause;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** In bytes. */
const MOST_CONTENT = 4 << 20;

/** A regular file that isn't larger. */
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
  // systemd mounts from the root down, so that a mount may lead to where a lower one is.
  const downward = [...binds].sort((a, b) => depthOf(a) - depthOf(b));
  for (const { source, destination, by } of downward) {
    const { real, untrusted } = follow(source, hosts);
    if (real === undefined && untrusted.length === 0) continue;
    mounts.push({ place: within(real ?? source, by, untrusted), names: follow(destination, place).names });
    // Of two that are above a path the lower one is what is seen.
    mounts.sort((a, b) => b.names.length - a.names.length);
  }
  return place;
}

const depthOf = ({ destination }: Bind): number => namesOf(destination).length;

interface Followed extends Walked {
  /** The names by which the path's end is seen: those without links as far as there is something. */
  readonly names: readonly string[];
}

/** @param isOthers whether it is somebody else who follows the path, whom links of procfs lead elsewhere */
function follow(path: string, place: Place, isOthers = true): Followed {
  const left = namesOf(path);
  const names: string[] = [];
  const untrusted: Untrusted[] = [];
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '..') {
      names.pop();
      continue;
    }
    const folder = look(place(names));
    const next = look(place([...names, name]));
    untrusted.push(...folder.untrusted);
    if (next.facts === undefined) {
      // Others can make it in a folder that they can write, even in a sticky one.
      if (folder.facts && isOpen(folder.facts)) untrusted.push(finding(folder.spot, WRITABLE));
      return { real: undefined, names: [...names, name, ...left], untrusted };
    }
    if (!next.facts.isSymbolicLink()) {
      names.push(name);
      continue;
    }
    const { uid } = next.facts;
    if (uid !== 0) untrusted.push(finding(next.spot, `is a link of user ${uid}`));
    else if (isOthers && isProcfs(folder.spot.path))
      untrusted.push(finding(next.spot, 'leads each process elsewhere'));
    if (++links > MAX_LINKS) return { real: undefined, names: [...names, name, ...left], untrusted };
    const target = fs.readlinkSync(next.spot.path);
    if (target.startsWith('/')) names.length = 0;
    left.unshift(...namesOf(target));
  }
  const end = look(place(names));
  return { real: end.spot.path, names, untrusted: [...untrusted, ...end.untrusted] };
}

interface Looked {
  readonly spot: Spot;
  /** Undefined where there is nothing. */
  readonly facts: fs.Stats | undefined;
  readonly untrusted: readonly Untrusted[];
}

const isProcfs = (folder: string): boolean => fs.statfsSync(folder).type === PROCFS;

const finding = ({ shown, by }: Spot, why: string): Untrusted => ({ path: shown, why, by });

/** @throws an error of node's for what only root may look at */
function look(spot: Spot): Looked {
  try {
    const facts = fs.lstatSync(spot.path);
    const why = facts.isSymbolicLink() ? undefined : whyUntrusted(facts);
    return { spot, facts, untrusted: [...spot.before, ...(why ? [finding(spot, why)] : [])] };
  } catch (cause) {
    if (isAbsent(cause)) return { spot, facts: undefined, untrusted: spot.before };
    if (process.geteuid?.() !== 0) throw cause;
    // A file system of a user's keeps root out.
    return { spot, facts: undefined, untrusted: [...spot.before, finding(spot, "can't be looked at")] };
  }
}
