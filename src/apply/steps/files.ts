import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { MAX_SIZE } from '../../machine/state/own-files.js';
import type { System } from '../../machine/system.js';
import type { FileChange } from '../../plan/emit/changes.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { hasNameOfDropIn } from '../../systemd/paths/own-files.js';
import { type FileState, type FileUndo, isSameState, type UndoRecord } from '../undo-record.js';

/** Whether a removal waits for the commit: the drop-in that systemd has loaded may need the file until then. */
export const goesLast = ({ kind, path }: FileChange): boolean => kind === 'remove' && !hasNameOfDropIn(path);

/** Whether the new drop-in alone needs a file, which goes when systemd has read the old drop-in. */
export const isNeeded = ({ before, path }: FileUndo): boolean =>
  before === undefined && !hasNameOfDropIn(path);

/** Carries changes out, in their order. A file whose comments alone change stays as old as what it says. */
export async function writeChanges(system: System, changes: readonly FileChange[]): Promise<void> {
  for (const { kind, path, before, after, commentsOnly } of changes) {
    if (kind === 'remove') await system.remove(path);
    else if (kind !== 'unchanged' && after) {
      const modified = commentsOnly ? before?.modified : undefined;
      await system.replace(path, after.content, { mode: after.mode, modified });
    }
  }
}

/** Puts files back, the last change first. A file that is as it was isn't written. */
export async function undoFiles(system: System, files: readonly FileUndo[]): Promise<void> {
  for (const { path, before } of [...files].reverse()) {
    if (before === undefined) await system.remove(path);
    else if (!isSameState(await stateOf(system, path), before)) {
      await system.replace(path, before.content, before);
    }
  }
}

/** A file beside its record: as before the change, as after it, or as somebody else has made it. */
export type FileVersion = 'before' | 'after' | 'other';

/** Compares files with their record. */
export async function fileStates(system: System, files: readonly FileUndo[]): Promise<FileVersion[]> {
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

/** Reads a file's state; undefined where there is none. */
async function stateOf(system: System, path: string): Promise<FileState | undefined> {
  const file = await system.read(path, { limit: MAX_SIZE });
  return file && { content: file.bytes, mode: file.mode, modified: file.modified };
}

/** Whether somebody else has changed a file of a unit since a run began to change it, as far as that can be seen. */
export async function isChangedSince({ system }: Context, { files }: UndoRecord): Promise<boolean> {
  const states = await orElse<readonly FileVersion[]>(() => fileStates(system, files), []);
  return states.includes('other');
}

export function changedSince({ placement }: Context, unit: string): Diagnostic {
  const message = `the files of ${unit} have been edited since the change began, and are left as they are`;
  const hint = `'${ownCommand(placement.scope, 'apply', unit)}' writes them again, '${ownCommand(placement.scope, 'revert', unit)}' removes them`;
  return error('changed-since', message, { hint });
}
