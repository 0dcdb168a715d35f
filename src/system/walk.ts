import * as fs from 'node:fs';
import { join } from 'node:path';
import { HOST, type NamespaceOf, type Untrusted, type View, type Walked } from '../unit/view.js';
import { isAbsent } from './file-error.js';

/** More links than the kernel follows. */
const MAX_LINKS = 40;

/** Further up than a process can have its root; `..` stays where nothing is above. */
const UP = '/..'.repeat(512);

/** The names in a path, without those that stand for the folder itself. */
export const namesOf = (path: string): string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.');

/**
 * Why others than root can change a file, or the entries of a folder. In a sticky folder others can make files, but put
 * none in the place of root's.
 */
export function whyUntrusted(facts: fs.Stats): string | undefined {
  if (facts.uid !== 0) return `belongs to user ${facts.uid}`;
  return isOpen(facts) && !isSticky(facts) ? 'can be written by others' : undefined;
}

const isOpen = ({ mode }: fs.Stats): boolean => (mode & 0o022) !== 0;
const isSticky = (facts: fs.Stats): boolean => facts.isDirectory() && (facts.mode & 0o1000) !== 0;

/** Where this process finds what somebody sees by some names, and why others than root decide on that, if they do. */
interface Spot {
  readonly path: string;
  /** For people. */
  readonly shown: string;
  readonly untrusted: Untrusted | undefined;
}

type Place = (names: readonly string[]) => Spot;

/**
 * Follows a path, link by link, as a service sees it or as a mount namespace has it. Each folder in which a name is
 * looked up, each link, and where the path leads must be root's alone.
 * @param path absolute
 */
export const walk = (path: string, from: View | NamespaceOf = HOST): Walked =>
  follow(path, 'process' in from ? namespacePlace(from) : viewPlace(from));

/** A process's mount namespace from its top on: a process that has changed its root sees less. */
function namespacePlace({ process: pid }: NamespaceOf): Place {
  const top = `/proc/${pid}/root${UP}`;
  return (names) => {
    const shown = `/${names.join('/')}`;
    return { path: `${top}${shown}`, shown, untrusted: undefined };
  };
}

const within =
  (top: string, untrusted?: Untrusted): Place =>
  (names) => {
    const path = join(top, ...names);
    return { path, shown: path, untrusted };
  };

function viewPlace({ root, binds }: View): Place {
  const hosts = within('/');
  const way = root === '/' ? undefined : follow(root, hosts);
  const inRoot = way ? within(way.real ?? root, way.untrusted) : hosts;
  const mounts = binds.flatMap(({ source, destination }) => {
    const { real, untrusted } = follow(source, hosts);
    if (real === undefined && untrusted === undefined) return [];
    return [{ place: within(real ?? source, untrusted), names: follow(destination, inRoot).names }];
  });
  // Of two that are above a path the lower one is what is seen.
  mounts.sort((a, b) => b.names.length - a.names.length);
  return (names) => {
    const mount = mounts.find((one) => one.names.every((name, i) => names[i] === name));
    return mount ? mount.place(names.slice(mount.names.length)) : inRoot(names);
  };
}

/** @returns the names, too, by which the path's end is seen: those without links as far as there is something */
function follow(path: string, place: Place): Walked & { readonly names: readonly string[] } {
  const left = namesOf(path);
  const names: string[] = [];
  let links = 0;
  const end = (untrusted?: Untrusted) => ({ real: undefined, names: [...names, ...left], untrusted });
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '..') {
      names.pop();
      continue;
    }
    const folder = place(names);
    const spot = place([...names, name]);
    const wrong = untrustedAt(folder) ?? spot.untrusted;
    const facts = wrong ? undefined : factsOf(spot.path);
    if (facts === undefined) {
      left.unshift(name);
      return end(wrong ?? openAt(folder));
    }
    if (!facts.isSymbolicLink()) {
      names.push(name);
      continue;
    }
    if (facts.uid !== 0) return end({ path: spot.shown, why: `is a link of user ${facts.uid}` });
    if (++links > MAX_LINKS) return end();
    const target = fs.readlinkSync(spot.path);
    if (target.startsWith('/')) names.length = 0;
    left.unshift(...namesOf(target));
  }
  const spot = place(names);
  return { real: spot.path, names, untrusted: untrustedAt(spot) };
}

/** Undefined where there is nothing. */
function factsOf(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path);
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw cause;
  }
}

function untrustedAt({ path, shown, untrusted }: Spot): Untrusted | undefined {
  if (untrusted) return untrusted;
  const facts = factsOf(path);
  const why = facts && whyUntrusted(facts);
  return why === undefined ? undefined : { path: shown, why };
}

/** Others can make what isn't there in a folder that they can write, even in a sticky one. */
function openAt({ path, shown }: Spot): Untrusted | undefined {
  const facts = factsOf(path);
  return facts && isOpen(facts) ? { path: shown, why: 'can be written by others' } : undefined;
}
