/** Follows paths on a tree of files, link by link, and finds who can change what is on the way. */
import { join } from 'node:path';
import { type Bind, HOST, type RootView, type Untrusted, type Walked } from '../../systemd/unit/view.js';

/** The number of links in a path that the kernel follows. */
export const MAX_LINKS = 40;

/** The facts of a file, or of a link itself, as lstat(2) has them. */
export interface FileFacts {
  readonly uid: number;
  /** With the file's type, as st_mode. */
  readonly mode: number;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** A tree of files. */
export interface FileTree {
  /** Undefined where nothing is; `hidden` where a file system lets only its owner look. */
  look(path: string): FileFacts | 'hidden' | undefined;
  /** A link's target as written. */
  target(link: string): string;
  /** Whether a folder is of procfs, whose links lead each process to another place. */
  isProcfs(folder: string): boolean;
}

/** The names in a path, without empty ones and `.`. */
export const namesOf = (path: string): string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.');

/**
 * The reason why others than root can change a file, or the entries of a folder; undefined if they can't. In a sticky
 * folder others can create files, but not replace root's.
 */
export function whyUntrusted(facts: FileFacts): string | undefined {
  if (facts.uid !== 0) return `belongs to user ${facts.uid}`;
  return isOpen(facts) && !isSticky(facts) ? WRITABLE : undefined;
}

const WRITABLE = 'can be written by others';

const isOpen = ({ mode }: FileFacts): boolean => (mode & 0o022) !== 0;
const isSticky = (facts: FileFacts): boolean => facts.isDirectory() && (facts.mode & 0o1000) !== 0;

/** The place where this process finds the file that another process sees by some names. */
export interface Spot {
  readonly path: string;
  /** The path in messages. */
  readonly shown: string;
  /** The directive that leads there; undefined without one. */
  readonly by?: string | undefined;
  /** Files on the way to the directive's place that others than root can change. */
  readonly before: readonly Untrusted[];
}

export type SpotLookup = (names: readonly string[]) => Spot;

/**
 * Follows a path on a tree as a process sees it. Every folder in which a name is looked up, every link, and the path's end
 * must be root's alone.
 * @param path absolute
 */
export const walkTree = (tree: FileTree, path: string, from: RootView = HOST): Walked =>
  found(follow(tree, path, { place: viewPlace(tree, from), isOthers: from !== HOST }));

export const found = ({ real, untrusted, isFile }: FollowedPath): Walked => ({
  real,
  ...(isFile ? { isFile } : {}),
  untrusted: [...new Map(untrusted.map((one) => [one.path, one])).values()],
});

const within =
  (top: string, by?: string, before: readonly Untrusted[] = []): SpotLookup =>
  (names) => {
    const path = join(top, ...names);
    return { path, shown: path, by, before: before.map((one) => ({ ...one, by })) };
  };

function viewPlace(tree: FileTree, { root, binds }: RootView): SpotLookup {
  const hosts = within('/');
  const way = root === '/' ? undefined : follow(tree, root, { place: hosts });
  const inRoot = way ? within(way.real ?? root, 'RootDirectory', way.untrusted) : hosts;
  const mounts: { readonly names: readonly string[]; readonly place: SpotLookup }[] = [];
  const place: SpotLookup = (names) => {
    const mount = mounts.find((one) => one.names.every((name, i) => names[i] === name));
    return mount ? mount.place(names.slice(mount.names.length)) : inRoot(names);
  };
  // systemd mounts from the root down, so that a lower mount may be inside an upper one.
  const downward = [...binds].sort((a, b) => depthOf(a) - depthOf(b));
  for (const { source, destination, by } of downward) {
    const { real, untrusted } = follow(tree, source, { place: hosts });
    if (real === undefined && untrusted.length === 0) continue;
    mounts.push({
      place: within(real ?? source, by, untrusted),
      names: follow(tree, destination, { place }).names,
    });
    // The deepest mount above a path counts.
    mounts.sort((a, b) => b.names.length - a.names.length);
  }
  return place;
}

const depthOf = ({ destination }: Bind): number => namesOf(destination).length;

interface FollowedPath extends Walked {
  /** The names by which the path's end is seen, without links as far as the files exist. */
  readonly names: readonly string[];
}

interface FollowOptions {
  readonly place: SpotLookup;
  /** Whether another process follows the path, for whom links of procfs lead to other places (default: true). */
  readonly isOthers?: boolean;
}

export function follow(
  tree: FileTree,
  path: string,
  { place, isOthers = true }: FollowOptions,
): FollowedPath {
  const look = (spot: Spot) => lookAt(tree, spot);
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
      untrusted.push(...next.untrusted);
      return { real: undefined, names: [...names, name, ...left], untrusted };
    }
    if (!next.facts.isSymbolicLink()) {
      names.push(name);
      folder = next;
      continue;
    }
    const { uid } = next.facts;
    if (uid !== 0) untrusted.push(finding(next.spot, `is a link of user ${uid}`));
    else if (isOthers && tree.isProcfs(folder.spot.path))
      untrusted.push(finding(next.spot, 'leads each process to another place'));
    if (++links > MAX_LINKS) return { real: undefined, names: [...names, name, ...left], untrusted };
    const target = tree.target(next.spot.path);
    if (target.startsWith('/')) {
      names.length = 0;
      folder = look(place(names));
    }
    left.unshift(...namesOf(target));
  }
  const isFile = FILES.includes((folder.facts?.mode ?? 0) & S_IFMT) ? ({ isFile: true } as const) : {};
  return { real: folder.spot.path, names, untrusted: [...untrusted, ...folder.untrusted], ...isFile };
}

/** The type in a mode, and types (inode(7)). */
export const S_IFMT = 0o170000;
export const [S_IFREG, S_IFCHR, S_IFDIR, S_IFLNK] = [0o100000, 0o020000, 0o040000, 0o120000];
const S_IFSOCK = 0o140000;
const FILES: readonly number[] = [S_IFREG, S_IFSOCK];

interface SpotFacts {
  readonly spot: Spot;
  /** The file's facts; undefined if nothing is there. */
  readonly facts: FileFacts | undefined;
  readonly untrusted: readonly Untrusted[];
}

const finding = ({ shown, by }: Spot, why: string): Untrusted => ({ path: shown, why, by });

function lookAt(tree: FileTree, spot: Spot): SpotFacts {
  const facts = tree.look(spot.path);
  // A user's own file system (FUSE) keeps root out.
  if (facts === 'hidden')
    return { spot, facts: undefined, untrusted: [...spot.before, finding(spot, "can't be examined")] };
  if (facts === undefined) return { spot, facts, untrusted: spot.before };
  const why = facts.isSymbolicLink() ? undefined : whyUntrusted(facts);
  return { spot, facts, untrusted: [...spot.before, ...(why ? [finding(spot, why)] : [])] };
}
