import { covers } from '../unit/values.js';

/** A file system, or a part of one, where it is mounted. */
export interface Mount {
  readonly path: string;
  /** Nothing on it may be executed. */
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

/** Larger than what the kernel says of a process's mounts, in bytes. */
export const MAX_MOUNTS = 4 << 20;

/** What is mounted on each place, by its path on its own file system: the last there; `//deleted` ends that of a file that is gone. */
export function parseRoots(text: string): Map<string, string> {
  const pairs = text.split('\n').map((line) => line.split(' '));
  return new Map(
    pairs.flatMap(([, , , root, path]) =>
      path === undefined ? [] : [[unescaped(path), unescaped(root!)] as const],
    ),
  );
}

/** White space and backslashes are written as three octal digits. */
export const unescaped = (path: string) =>
  path.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));

/** The mount that a path is on: the innermost one, and of those in one place the last. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const above = mounts.filter((mount) => covers(mount.path, path));
  return above.reduce<Mount | undefined>(
    (best, mount) => (best && best.path.length > mount.path.length ? best : mount),
    undefined,
  );
}
