import { groupBy } from '../../collections.js';
import { covers } from '../unit/values.js';
import { type MountLine, parseMountInfo } from './mount-info.js';

/** A mount of a namespace. */
export interface PlacedMount extends Pick<MountLine, 'path' | 'device' | 'root' | 'type'> {
  /** The options of the mount and of its file system: `ro`, `noexec`, `hidepid=invisible`. */
  readonly options: ReadonlySet<string>;
}

/** The mounts of a namespace, and which lies on which. */
export interface MountTree {
  readonly mounts: readonly PlacedMount[];
  readonly root: PlacedMount | undefined;
  /** The mounts on a mount, by their paths. */
  readonly children: ReadonlyMap<PlacedMount, ReadonlyMap<string, PlacedMount>>;
}

/** Reads the mountinfo of a process whose root is that of its mount namespace (proc_pid_mountinfo(5)). */
export function parseMountTree(text: string): MountTree {
  const lines = parseMountInfo(text).flatMap(({ id, parent, options, superOptions, ...mount }) =>
    // The kernel marks a mount whose folder was removed: nothing leads there.
    mount.path.endsWith('//deleted')
      ? []
      : [{ id, parent, mount: { ...mount, options: new Set([...options, ...superOptions]) } }],
  );
  const byId = new Map(lines.map(({ id, mount }) => [id, mount]));
  const children = new Map(
    [...groupBy(lines, ({ parent }) => parent)].flatMap(([parent, below]) => {
      const on = byId.get(parent);
      const own = below.map(({ mount }) => mount).filter((mount) => mount !== on);
      return on ? [[on, new Map(own.reverse().map((mount) => [mount.path, mount]))] as const] : [];
    }),
  );
  const top = lines.find(
    ({ id, parent, mount }) => mount.path === '/' && (id === parent || !byId.has(parent)),
  );
  return { mounts: [...byId.values()], root: top?.mount, children };
}

/**
 * The mount that a path without links is on. The kernel goes down from the root, and onto each mount that it meets: a
 * mount that another one lies over is passed by.
 */
export function mountAt({ root, children }: MountTree, path: string): PlacedMount | undefined {
  const depth = path.split('/').length;
  const next = (mount: PlacedMount): PlacedMount | undefined => {
    const below = children.get(mount);
    if (!below) return undefined;
    // Services can make many mounts, and deep ones.
    const at =
      below.size < depth
        ? shortest([...below.keys()].filter((one) => covers(one, path)))
        : foldersAbove(path).find((folder) => below.has(folder));
    return at === undefined ? undefined : below.get(at);
  };
  let mount = root;
  for (let below = mount && next(mount); below; below = next(below)) mount = below;
  return mount;
}

const shortest = ([first, ...more]: readonly string[]): string | undefined =>
  more.reduce((best, one) => (one.length < best!.length ? one : best), first);

/** A path and the folders above it, the shortest first: `/`, `/a`, `/a/b`. */
const foldersAbove = (path: string): string[] => [
  '/',
  ...[...path.matchAll(/[^/](?=\/|$)/g)].map(({ index }) => path.slice(0, index + 1)),
];

/** The mounts below a path that can be reached, without the one that the path is on. */
export const mountsBelow = (tree: MountTree, path: string): readonly PlacedMount[] =>
  tree.mounts.filter(
    (mount) => mount.path !== path && covers(path, mount.path) && mountAt(tree, mount.path) === mount,
  );

/** A file by its file system and its path there: the same in two namespaces if the file is the same. */
export type PlacedFile = Pick<PlacedMount, 'device' | 'root'>;

/** The file that a path leads to. */
export function fileAt(tree: MountTree, path: string): PlacedFile | undefined {
  const mount = mountAt(tree, path);
  if (!mount) return undefined;
  const rest = path.slice(mount.path === '/' ? 0 : mount.path.length);
  const root = `${mount.root}/${rest}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
  return { device: mount.device, root };
}
