import type { System } from '../system/system.js';
import type { Change } from './changes.js';

/** Carries changes out, in their order. */
export async function writeChanges(system: System, changes: readonly Change[]): Promise<void> {
  for (const { kind, path, after } of changes) {
    if (kind === 'remove') await system.remove(path);
    else if (kind !== 'unchanged' && after) await system.replace(path, after.content, after.mode);
  }
}

/** Puts back what was there before, the last change first. */
export async function undoChanges(system: System, changes: readonly Change[]): Promise<void> {
  for (const { kind, path, before } of [...changes].reverse()) {
    if (kind === 'unchanged') continue;
    if (before === undefined) await system.remove(path);
    else await system.replace(path, before.content, before.mode);
  }
}
