/** Directives held against the mounts of a process. */

import { shortList } from '../../collections.js';
import type { Get } from '../../systemd/directives/directive.js';
import { word } from '../../systemd/directives/loaded.js';
import {
  type ExpectedMount,
  type MountLines,
  mountEntries,
  writable,
} from '../../systemd/directives/values/mounts.js';
import { fileAt, mountAt, mountsBelow, type PlacedMount } from '../../systemd/formats/mount-tree.js';
import { covers } from '../../systemd/unit/values.js';
import { EQUAL, type Finding, looser, open, stricter, unseen } from './finding.js';
import type { NamespaceView } from './processes.js';

/** Paths that have to be followed in a process's view: those that expectations are about, and all with a mount of their own. */
export const pathsToFollow = (lines: MountLines, expectations: readonly ExpectedMount[]): string[] => [
  ...expectations.flatMap(({ path, except }) => [path, ...except]),
  ...mountEntries(lines).map(({ path }) => path),
];

/** Roots of what systemd mounts over paths that it hides: `/run/systemd/inaccessible/dir` of the host. */
const INACCESSIBLE = /\/systemd\/inaccessible\/[a-z]+$/;

/** The mounts of a process, beside the manager's. */
export interface ProcessMounts {
  /** The unit's lines as the manager has loaded them. */
  readonly lines: MountLines;
  readonly view: NamespaceView;
  /** The manager's view. */
  readonly host: NamespaceView;
  /** Whether the unit's processes may have made the mount namespace themselves. */
  readonly isOwn: boolean;
}

/** Whether a path leads a process to the file to which another path leads the manager. */
function isHosts({ view, host }: ProcessMounts, path: string, its: string | undefined): boolean {
  const [own, hosts] = [fileAt(view.tree, path), its === undefined ? undefined : fileAt(host.tree, its)];
  return hosts !== undefined && own?.device === hosts.device && own.root === hosts.root;
}

/**
 * The finding where something is looser than promised. A service may make mount namespaces, as browsers and engines of
 * containers do: what it mounts there isn't held against it, and the manager's files are.
 */
const undone = (seen: string, { isOwn }: ProcessMounts, isTheHosts: boolean): Finding =>
  isOwn && !isTheHosts ? unseen('it is in a mount namespace of its own') : looser(seen);

/** Compares an expectation with what a process sees. */
export function checkMount(expectation: ExpectedMount, sight: ProcessMounts): Finding {
  const { view, host } = sight;
  const path = view.paths.get(expectation.path);
  if (path === undefined) return EQUAL;
  const mount = mountAt(view.tree, path);
  if (!mount) return looser(`no mount is known for ${expectation.path}`);
  if (isLeftOutOfProc(mount, path)) return EQUAL;
  const isSame = isHosts(sight, path, host.paths.get(expectation.path));
  switch (expectation.is) {
    case 'inaccessible':
      return INACCESSIBLE.test(mount.root) || (view.isGuessed && !isSame)
        ? EQUAL
        : undone(`${expectation.path} can be reached`, sight, isSame);
    case 'private':
      if (isSame) return looser(`${expectation.path} is the host's`);
      return mount.path === path
        ? EQUAL
        : undone(`${expectation.path} has no mount of its own`, sight, false);
    case 'writable':
      return mount.options.has('ro') ? stricter(`${expectation.path} can't be written to`) : EQUAL;
    case 'executable':
      return mount.options.has('noexec') ? stricter(`${expectation.path} can't be executed from`) : EQUAL;
    case 'read-only':
      return checkFlag(expectation, { path, mount }, sight, ['ro', 'can be written to']);
    case 'noexec':
      return checkFlag(expectation, { path, mount }, sight, ['noexec', 'can be executed from']);
  }
}

/** Whether a path isn't there, since its /proc has processes alone (subset= of proc(5)): the host's links say nothing of it. */
const isLeftOutOfProc = ({ type, options, path: above }: PlacedMount, path: string): boolean =>
  type === 'proc' &&
  options.has('subset=pid') &&
  !/^(?:|\/(?:\d+|self|thread-self)(?:\/.*)?)$/.test(path.slice(above.length));

/** File systems on which nothing can be written or executed: handles of namespaces, and places of later mounts. */
const HARMLESS: ReadonlySet<string> = new Set(['autofs', 'nsfs']);

/** The folder of what only root's manager mounts into a running service, by `systemctl bind`: read-only to all. */
const INCOMING = '/run/systemd/incoming';

const MOST_MOUNTS = 10;

/**
 * Whether the mount that an expectation is about has a flag, and so has all that is mounted below, without what the unit's lines
 * open. Systemd leaves out what has a mount of its own by another directive, and what the host mounts below later, as any
 * user does by FUSE.
 */
function checkFlag(
  expectation: ExpectedMount,
  { path, mount }: { readonly path: string; readonly mount: PlacedMount },
  sight: ProcessMounts,
  [flag, otherwise]: readonly [flag: string, otherwise: string],
): Finding {
  const { lines, view, host } = sight;
  const inView = (paths: readonly string[]) =>
    paths.flatMap((one) => view.paths.get(one) ?? []).filter((one) => covers(path, one));
  const opened = expectation.is === 'read-only' ? writable(lines).map((one) => one.path) : [];
  const meant = inView([...expectation.except, ...opened]);
  const leftOut = inView(mountEntries(lines).map((one) => one.path)).filter((one) => one !== path);
  const isBelow = (above: readonly string[], one: string) => above.some((other) => covers(other, one));
  const reachable = [{ ...mount, path }, ...mountsBelow(view.tree, path)]
    .filter((one) => !one.options.has(flag) && !HARMLESS.has(one.type))
    .filter((one) => one.path !== INCOMING && !isBelow(meant, one.path))
    .map((one) => one.path);
  const isSame = (one: string) => isHosts(sight, one, one);
  const isHostsMount = (one: string) => one !== path && mountAt(host.tree, one)?.path === one && isSame(one);
  const wrong = reachable.filter((one) => !isBelow(leftOut, one) && !isHostsMount(one));
  const gravest = wrong.find(isSame) ?? wrong[0];
  if (gravest !== undefined) return undone(`${gravest} ${otherwise}`, sight, isSame(gravest));
  const outermost = reachable.filter(
    (one) => !reachable.some((other) => other !== one && covers(other, one)),
  );
  return reachable.length > 0
    ? open(`systemd leaves out ${shortList(outermost, MOST_MOUNTS)}, which ${otherwise}`)
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

export function checkProc(get: Get, directive: string, sight: ProcessMounts): Finding {
  const options = PROC_OPTIONS[directive]![word(get, directive)];
  const mount = mountAt(sight.view.tree, '/proc');
  const isHeld =
    options === undefined || mount?.type !== 'proc' || options.some((option) => mount.options.has(option));
  return isHeld
    ? EQUAL
    : undone(`/proc is mounted without ${options[0]}`, sight, isHosts(sight, '/proc', '/proc'));
}
