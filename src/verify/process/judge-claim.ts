import type { Claim } from '../../directives/values/mount-claims.js';
import { fileAt, mountAt, mountsBelow, type PlacedMount } from '../../formats/mount-tree.js';
import { covers } from '../../unit/values.js';
import { EQUAL, type Finding, gravestFinding, looser, open, stricter } from './finding.js';
import type { View } from './seen-process.js';

/** Roots of what systemd mounts over paths that it hides: `/run/systemd/inaccessible/dir` of the host. */
const INACCESSIBLE = /\/systemd\/inaccessible\/[a-z]+$/;

/** File systems on which nobody can write or execute anything: handles of namespaces, and places of later mounts. */
const HARMLESS: ReadonlySet<string> = new Set(['autofs', 'nsfs']);

/**
 * Compares a claim with what a process sees.
 * @param host the manager's view
 * @param kept paths that systemd leaves as they are mounted, whatever is claimed of them
 */
export function judgeClaim(claim: Claim, view: View, host: View, kept: readonly string[]): Finding {
  const path = view.paths.get(claim.path);
  if (path === undefined) return EQUAL;
  const mount = mountAt(view.tree, path);
  if (!mount) return looser(`nothing is known of ${claim.path}`);
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
      return judgeBelow(claim, { path, mount }, view, kept.includes(claim.path));
  }
}

/** Whether a path leads a process where it leads the manager. */
function isHosts(path: string, name: string, view: View, host: View): boolean {
  const its = host.paths.get(name);
  return its !== undefined && fileAt(host.tree, its) === fileAt(view.tree, path);
}

const REFUSES: Readonly<Record<'read-only' | 'noexec', readonly [option: string, otherwise: string]>> = {
  'read-only': ['ro', 'can be written to'],
  noexec: ['noexec', 'can be executed from'],
};

interface Place {
  readonly path: string;
  readonly mount: PlacedMount;
}

function judgeBelow(claim: Claim, { path, mount }: Place, view: View, isKept: boolean): Finding {
  const [option, otherwise] = REFUSES[claim.is as 'read-only' | 'noexec'];
  const inView = (paths: readonly string[]) =>
    paths.flatMap((one) => view.paths.get(one) ?? []).filter((one) => covers(path, one));
  const [except, leftOut] = [
    inView(claim.except),
    inView(claim.leftOut.map((one) => one.path)).filter((one) => one !== path),
  ];
  const places = [
    { path, mount },
    ...mountsBelow(view.tree, path).map((one) => ({ path: one.path, mount: one })),
  ];
  const findings = places
    .filter((one) => !one.mount.options.has(option) && !HARMLESS.has(one.mount.type))
    .filter((one) => !except.some((above) => covers(above, one.path)))
    .map((one) =>
      (isKept && claim.is === 'read-only') || leftOut.some((above) => covers(above, one.path))
        ? open(`systemd leaves ${one.path} out, which ${otherwise}`)
        : looser(`${one.path} ${otherwise}`),
    );
  return findings.length > 0 ? gravestFinding(findings) : EQUAL;
}
