import type { System } from '../system/system.js';
import type { Change } from './changes.js';

/** Carries changes out, in their order. A file whose comments change is as old as before, for what it is compared with. */
export async function writeChanges(system: System, changes: readonly Change[]): Promise<void> {
  for (const { kind, path, before, after, commentsOnly } of changes) {
    if (kind === 'remove') await system.remove(path);
    else if (kind !== 'unchanged' && after) {
      const modified = commentsOnly ? before?.modified : undefined;
      await system.replace(path, after.content, { mode: after.mode, modified });
    }
  }
}

/** Puts back what was there before, the last change first. */
export async function undoChanges(system: System, changes: readonly Change[]): Promise<void> {
  for (const { kind, path, before } of [...changes].reverse()) {
    if (kind === 'unchanged') continue;
    if (before === undefined) await system.remove(path);
    else await system.replace(path, before.content, before);
  }
}
