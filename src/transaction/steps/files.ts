import type { Change } from '../../emit/changes.js';
import { hasNameOfDropIn } from '../../paths.js';
import type { System } from '../../system/system.js';
import { type FileState, type FileUndo, isSameState } from '../record-format.js';

/** Whether a file goes only at the end: what systemd has loaded until then may need it. */
export const goesLast = ({ kind, path }: Change): boolean => kind === 'remove' && !hasNameOfDropIn(path);

/** A file that only the drop-in of ours needs: it goes when systemd has read the one before. */
export const isNeeded = ({ before, path }: FileUndo): boolean =>
  before === undefined && !hasNameOfDropIn(path);

/** Carries changes out, in their order. */
export async function writeChanges(system: System, changes: readonly Change[]): Promise<void> {
  for (const { kind, path, after } of changes) {
    if (kind === 'remove') await system.remove(path);
    else if (kind !== 'unchanged' && after) {
      await system.replace(path, after.content, { mode: after.mode });
    }
  }
}

/** Puts back what was there before, the last change first. What is as it was is left alone, be it that it can't be written. */
export async function undoFiles(system: System, files: readonly FileUndo[]): Promise<void> {
  for (const { path, before } of [...files].reverse()) {
    if (before === undefined) await system.remove(path);
    else if (!isSameState(await stateOf(system, path), before)) {
      await system.replace(path, before.content, before);
    }
  }
}

/** How a file stands to what is kept of it: as it was, as it was to be, or as somebody else has made it. */
export type Stand = 'before' | 'after' | 'other';

/** How each of these files stands. */
export async function standsOf(system: System, files: readonly FileUndo[]): Promise<Stand[]> {
  const now = await Promise.all(files.map(({ path }) => stateOf(system, path)));
  return files.map(
    (file, i) => (['before', 'after'] as const).find((when) => isSameState(now[i], file[when])) ?? 'other',
  );
}

/** Whether all files are there as they were written. */
export async function areAsWritten(system: System, files: readonly FileUndo[]): Promise<boolean> {
  const written = files.filter(({ after }) => after !== undefined);
  const now = await Promise.all(written.map(({ path }) => stateOf(system, path)));
  return written.every(({ after }, i) => isSameState(now[i], after));
}

/** Larger than any file of ours, in bytes. */
const MAX_SIZE = 4 << 20;

/** A file as it is. */
async function stateOf(system: System, path: string): Promise<FileState | undefined> {
  const file = await system.read(path, { limit: MAX_SIZE });
  return file && { content: file.bytes, mode: file.mode, modified: file.modified };
}
