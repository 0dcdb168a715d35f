import { shortList } from '../../collections.js';
import { type Claim, mountEntries, reachesBelow } from '../../directives/values/mount-claims.js';
import { type MountLines, writable } from '../../directives/values/mount-entries.js';
import { fileAt, mountAt, mountsBelow, type PlacedMount } from '../../formats/mount-tree.js';
import { covers } from '../../unit/values.js';
import { EQUAL, type Finding, looser, open, stricter } from './finding.js';
import type { View } from './seen-process.js';

/** Roots of what systemd mounts over paths that it hides: `/run/systemd/inaccessible/dir` of the host. */
const INACCESSIBLE = /\/systemd\/inaccessible\/[a-z]+$/;

/** File systems on which nobody can write or execute anything: handles of namespaces, and places of later mounts. */
const HARMLESS: ReadonlySet<string> = new Set(['autofs', 'nsfs']);

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
  switch (claim.is) {
    case 'inaccessible':
      return INACCESSIBLE.test(mount.root) || (view.isGuessed && !isHosts(path, claim.path, view, host))
        ? EQUAL
        : looser(`${claim.path} can be reached`);
    case 'private':
      return isHosts(path, claim.path, view, host) ? looser(`${claim.path} is the host's`) : EQUAL;
    case 'emptied': {
      const isEmptied = mount.type === 'tmpfs' && mount.path === path;
      return isEmptied && !isHosts(path, claim.path, view, host)
        ? EQUAL
        : looser(`${claim.path} isn't a file system of its own`);
    }
    case 'writable':
      return mount.options.has('ro') ? stricter(`${claim.path} can't be written to`) : EQUAL;
    case 'executable':
      return mount.options.has('noexec') ? stricter(`${claim.path} can't be executed from`) : EQUAL;
    default:
      return judgeMounts(claim, { path, mount }, lines, view);
  }
}

/** Whether a path isn't there, since its /proc has processes alone (subset= of proc(5)): the host's links say nothing of it. */
const isLeftOutOfProc = ({ type, options, path: above }: PlacedMount, path: string): boolean =>
  type === 'proc' &&
  options.has('subset=pid') &&
  !/^(?:|\/(?:\d+|self|thread-self)(?:\/.*)?)$/.test(path.slice(above.length));

/** Whether a path leads a process where it leads the manager. */
function isHosts(path: string, name: string, view: View, host: View): boolean {
  const its = host.paths.get(name);
  return its !== undefined && fileAt(host.tree, its) === fileAt(view.tree, path);
}

const REFUSES: Readonly<Record<'read-only' | 'noexec', readonly [option: string, otherwise: string]>> = {
  'read-only': ['ro', 'can be written to'],
  noexec: ['noexec', 'can be executed from'],
};

const MOST_NAMED = 10;

interface Place {
  readonly path: string;
  readonly mount: PlacedMount;
}

/** Whether what the claim is about has the option that refuses, and so has all that is mounted below. */
function judgeMounts(claim: Claim, { path, mount }: Place, lines: MountLines, view: View): Finding {
  const [option, otherwise] = REFUSES[claim.is as 'read-only' | 'noexec'];
  const inView = (paths: readonly string[]) =>
    paths.flatMap((one) => view.paths.get(one) ?? []).filter((one) => covers(path, one));
  const isWide = reachesBelow(claim);
  const ways = isWide && claim.is === 'read-only' ? writable(lines).map((one) => one.path) : [];
  const except = inView([...claim.except, ...ways]);
  const leftOut = inView(mountEntries(lines).map((one) => one.path)).filter((one) => one !== path);
  const below = isWide ? mountsBelow(view.tree, path) : [];
  const reachable = [{ path, mount }, ...below.map((one) => ({ path: one.path, mount: one }))]
    .filter((one) => !one.mount.options.has(option) && !HARMLESS.has(one.mount.type))
    .filter((one) => !except.some((above) => covers(above, one.path)))
    .map((one) => one.path);
  const undone = reachable.find((one) => !leftOut.some((above) => covers(above, one)));
  if (undone !== undefined) return looser(`${undone} ${otherwise}`);
  const outermost = reachable.filter(
    (one) => !reachable.some((other) => other !== one && covers(other, one)),
  );
  return reachable.length > 0
    ? open(`systemd leaves ${shortList(outermost, MOST_NAMED)} out, which ${otherwise}`)
    : EQUAL;
}
