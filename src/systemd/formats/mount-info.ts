import { covers } from '../unit/values.js';

/** A line of mountinfo: a mounted file system, or a part of one (proc_pid_mountinfo(5)). */
export interface MountLine {
  readonly id: string;
  readonly parent: string;
  /** The device of the file system, `0:131`. */
  readonly device: string;
  /** The mounted folder or file, as a path on its own file system. */
  readonly root: string;
  readonly path: string;
  /** The options of the mount, and those of its file system. */
  readonly options: readonly string[];
  readonly superOptions: readonly string[];
  readonly type: string;
}

/** A place, and what the kernel refuses there. */
export type Mount = Pick<MountLine, 'path' | 'options'>;

/** Reads /proc/PID/mountinfo; what is no such line is left out. */
export const parseMountInfo = (text: string): MountLine[] =>
  text.split('\n').flatMap((line) => {
    const [own, file] = line.split(' - ');
    const [id = '', parent = '', device = '', root, path, options = ''] = own!.split(' ');
    const [type, , superOptions = ''] = file?.split(' ') ?? [];
    if (root === undefined || path === undefined || !type) return [];
    return [
      {
        ...{ id, parent, device, root: unescaped(root), path: unescaped(path), type },
        ...{ options: options.split(','), superOptions: superOptions.split(',') },
      },
    ];
  });

/** File systems in which programs can't leave files of their own to execute. */
const VIRTUAL: ReadonlySet<string> = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts efivarfs fusectl mqueue nsfs proc pstore ' +
    'rpc_pipefs securityfs selinuxfs sysfs tracefs'
  ).split(' '),
);

/**
 * The places of mountinfo where files can be both written and executed, as far as mounts decide. One that is no other
 * than the place around it is left out.
 */
export function writableExecutable(text: string): string[] {
  const mounts = new Map<string, boolean>();
  for (const { path, options, superOptions, type } of parseMountInfo(text)) {
    const isReadOnly = options.includes('ro') || superOptions.includes('ro');
    mounts.set(path, !isReadOnly && !options.includes('noexec') && !VIRTUAL.has(type));
  }
  return outermost(mounts);
}

/** The places that are open, by whether each place is; those within a place that is open too aren't named. */
export function outermost(places: ReadonlyMap<string, boolean>): string[] {
  const around = (path: string) =>
    [...places.keys()]
      .filter((other) => other !== path && covers(other, path))
      .reduce((best, other) => (other.length > best.length ? other : best), '');
  return [...places].flatMap(([path, isOpen]) => (isOpen && !places.get(around(path)) ? [path] : [])).sort();
}

/** Bound on the mountinfo of a process, in bytes. A process with mounts of its own can have more. */
export const MAX_MOUNTS = 4 << 20;

/** The path of a mountinfo field: the kernel writes white space and backslashes as three octal digits. */
const unescaped = (path: string) =>
  path.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));

/** The mount that a path is on: the innermost one; of several on one mount point the last. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const above = mounts.filter((mount) => covers(mount.path, path));
  return above.reduce<Mount | undefined>(
    (best, mount) => (best && best.path.length > mount.path.length ? best : mount),
    undefined,
  );
}
