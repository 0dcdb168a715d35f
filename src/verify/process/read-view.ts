import { MAX_MOUNTS } from '../../formats/mount-info.js';
import { parseMountTree } from '../../formats/mount-tree.js';
import type { System } from '../../system/system.js';
import type { View } from './seen-process.js';

/**
 * Reads the mounts of a process, and follows paths as it sees them. The process's root must be that of its mount
 * namespace. A process in a user namespace of its own isn't followed: there the links of the host are taken.
 * @param paths absolute
 */
export async function readView(
  system: System,
  process: number | 'self',
  paths: readonly string[],
): Promise<View | undefined> {
  const file = await system.read(`/proc/${process}/mountinfo`, { limit: MAX_MOUNTS });
  if (!file || file.bytes.length === 0) return undefined;
  const tree = parseMountTree(new TextDecoder().decode(file.bytes));
  const ends = new Map<string, string>();
  let isGuessed = false;
  for (const path of new Set(paths)) {
    const walked = process === 'self' ? HOSTS : await system.walk(path, { process, unread: true });
    isGuessed ||= walked.isUnseen === true && process !== 'self';
    const end = walked.isUnseen ? (await system.walk(path)).real : walked.inside;
    if (end !== undefined) ends.set(path, end);
  }
  return { tree, paths: ends, isGuessed };
}

/** This program's own view is that of the host. */
const HOSTS = { isUnseen: true, inside: undefined } as const;
