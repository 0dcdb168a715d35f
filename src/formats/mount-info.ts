import { covers } from '../unit/values.js';

/** A mounted file system, or a part of one. */
export interface Mount {
  readonly path: string;
  /** Whether the kernel refuses to execute files there. */
  readonly noexec: boolean;
}

/** Reads /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [, , , , path, options] = line.split(' ');
    if (path === undefined || options === undefined) return [];
    return [{ path: unescaped(path), noexec: options.split(',').includes('noexec') }];
  });
}

/** Bound on the mountinfo of a process, in bytes; the kernel's text is smaller. */
export const MAX_MOUNTS = 4 << 20;

/**
 * The root of each mount, as a path on its own file system, by mount point. The last mount on a place counts;
 * `//deleted` ends the path of a deleted file.
 */
export function parseRoots(text: string): Map<string, string> {
  const pairs = text.split('\n').map((line) => line.split(' '));
  return new Map(
    pairs.flatMap(([, , , root, path]) =>
      path === undefined ? [] : [[unescaped(path), unescaped(root!)] as const],
    ),
  );
}

/** The path of a mountinfo field: the kernel writes white space and backslashes as three octal digits. */
export const unescaped = (path: string) =>
  path.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));

/** The mount that a path is on: the innermost one; of several on one mount point the last. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const above = mounts.filter((mount) => covers(mount.path, path));
  return above.reduce<Mount | undefined>(
    (best, mount) => (best && best.path.length > mount.path.length ? best : mount),
    undefined,
  );
}
