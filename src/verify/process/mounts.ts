/** Directives held against the mounts of a process. */

import { shortList } from '../../collections.js';
import type { Get } from '../../directives/directive.js';
import { isOn } from '../../directives/is-on.js';
import { findDirective } from '../../directives/table.js';
import { type Claim, type MountLines, mountEntries, writable } from '../../directives/values/mounts.js';
import { fileAt, mountAt, mountsBelow, type PlacedMount } from '../../formats/mount-tree.js';
import { barePath, covers } from '../../unit/values.js';
import { EQUAL, type Finding, looser, open, stricter } from './finding.js';
import type { View } from './processes.js';

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const word = (get: Get, property: string): string => {
  const value = get(property);
  return typeof value === 'string' ? value : '';
};

/** Properties that are lists of structs, and the field that is the place of a mount. */
const PLACE_FIELDS: ReadonlyMap<string, number> = new Map([
  ['BindPaths', 1],
  ['BindReadOnlyPaths', 1],
  ['MountImages', 1],
  ['TemporaryFileSystem', 0],
]);

/** Whether the manager has loaded a directive so that it does something. */
export const isSet = (get: Get, name: string): boolean => {
  const row = findDirective(name)!;
  return isOn(row, get(row.bus.property));
};

/**
 * The lines of a unit as the manager has loaded it.
 * @param bases the folders that the unit's own are below, where they are not those of the system's manager
 */
export const loadedLines = (get: Get, bases?: ReadonlyMap<string, string>): MountLines => ({
  bases,
  places: (name) => {
    const field = PLACE_FIELDS.get(name);
    const words = listOf(get(name)).map((one) => (field === undefined ? one : listOf(one)[field]));
    return words.map((one) => barePath(typeof one === 'string' ? one : ''));
  },
  word: (name) => word(get, name),
  isSet: (name) => isSet(get, name),
});

/** Paths that have to be followed in a process's view: those that claims are about, and all with a mount of their own. */
export const pathsToFollow = (lines: MountLines, claims: readonly Claim[]): string[] => [
  ...claims.flatMap(({ path, except }) => [path, ...except]),
  ...mountEntries(lines).map(({ path }) => path),
];

/** Roots of what systemd mounts over paths that it hides: `/run/systemd/inaccessible/dir` of the host. */
const INACCESSIBLE = /\/systemd\/inaccessible\/[a-z]+$/;

/**
 * Compares a claim with what a process sees.
 * @param lines the unit's, as the manager has loaded them
 * @param host the manager's view
 */
export function judgeClaim(claim: Claim, lines: MountLines, view: View, host: View): Finding {
  const path = view.paths.get(claim.path);
  if (path === undefined) return EQUAL;
  const mount = mountAt(view.tree, path);
  if (!mount) return looser(`nothing is known of ${claim.path}`);
  if (isLeftOutOfProc(mount, path)) return EQUAL;
  const its = host.paths.get(claim.path);
  const isHosts = its !== undefined && fileAt(host.tree, its) === fileAt(view.tree, path);
  switch (claim.is) {
    case 'inaccessible':
      return INACCESSIBLE.test(mount.root) || (view.isGuessed && !isHosts)
        ? EQUAL
        : looser(`${claim.path} can be reached`);
    case 'private':
      if (isHosts) return looser(`${claim.path} is the host's`);
      return mount.path === path ? EQUAL : looser(`${claim.path} has no mount of its own`);
    case 'writable':
      return mount.options.has('ro') ? stricter(`${claim.path} can't be written to`) : EQUAL;
    case 'executable':
      return mount.options.has('noexec') ? stricter(`${claim.path} can't be executed from`) : EQUAL;
    case 'read-only':
      return judgeFlag(claim, { path, mount }, { lines, view }, ['ro', 'can be written to']);
    case 'noexec':
      return judgeFlag(claim, { path, mount }, { lines, view }, ['noexec', 'can be executed from']);
  }
}

/** Whether a path isn't there, since its /proc has processes alone (subset= of proc(5)): the host's links say nothing of it. */
const isLeftOutOfProc = ({ type, options, path: above }: PlacedMount, path: string): boolean =>
  type === 'proc' &&
  options.has('subset=pid') &&
  !/^(?:|\/(?:\d+|self|thread-self)(?:\/.*)?)$/.test(path.slice(above.length));

/** File systems on which nothing can be written or executed: handles of namespaces, and places of later mounts. */
const HARMLESS: ReadonlySet<string> = new Set(['autofs', 'nsfs']);

const MOST_NAMED = 10;

/**
 * Whether the mount that a claim is about has a flag, and so has all that is mounted below, without what the unit's lines
 * open. Systemd leaves out what has a mount of its own by another directive.
 */
function judgeFlag(
  claim: Claim,
  { path, mount }: { readonly path: string; readonly mount: PlacedMount },
  { lines, view }: { readonly lines: MountLines; readonly view: View },
  [flag, otherwise]: readonly [flag: string, otherwise: string],
): Finding {
  const inView = (paths: readonly string[]) =>
    paths.flatMap((one) => view.paths.get(one) ?? []).filter((one) => covers(path, one));
  const opened = claim.is === 'read-only' ? writable(lines).map((one) => one.path) : [];
  const meant = inView([...claim.except, ...opened]);
  const leftOut = inView(mountEntries(lines).map((one) => one.path)).filter((one) => one !== path);
  const isBelow = (above: readonly string[], one: string) => above.some((other) => covers(other, one));
  const reachable = [{ ...mount, path }, ...mountsBelow(view.tree, path)]
    .filter((one) => !one.options.has(flag) && !HARMLESS.has(one.type) && !isBelow(meant, one.path))
    .map((one) => one.path);
  const undone = reachable.find((one) => !isBelow(leftOut, one));
  if (undone !== undefined) return looser(`${undone} ${otherwise}`);
  const outermost = reachable.filter(
    (one) => !reachable.some((other) => other !== one && covers(other, one)),
  );
  return reachable.length > 0
    ? open(`systemd leaves ${shortList(outermost, MOST_NAMED)} out, which ${otherwise}`)
    : EQUAL;
}

/** Options of /proc by directive and value (proc(5)); numbers up to Linux 5.7. */
const PROC_OPTIONS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ProcSubset: { pid: ['subset=pid'] },
  ProtectProc: {
    invisible: ['hidepid=invisible', 'hidepid=2'],
    noaccess: ['hidepid=noaccess', 'hidepid=1'],
    ptraceable: ['hidepid=ptraceable', 'hidepid=4'],
  },
};

/** Directives that a process's own /proc shows by an option. */
export const OF_PROC = Object.keys(PROC_OPTIONS);

export function judgeProc(get: Get, directive: string, { tree }: View): Finding {
  const options = PROC_OPTIONS[directive]![word(get, directive)];
  const mount = mountAt(tree, '/proc');
  const isHeld =
    options === undefined || mount?.type !== 'proc' || options.some((option) => mount.options.has(option));
  return isHeld ? EQUAL : looser(`/proc hasn't ${options[0]}`);
}
