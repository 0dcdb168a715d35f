import type { Context } from '../machine/context.js';
import { failureOf } from '../machine/state/failures.js';
import { undoFiles, writeChanges } from './steps/files.js';
import { filesToUndo } from './undo-record.js';
import type { Pending, UnitResult } from './unit-result.js';

/** Writes files below another root, where no service runs by them. Files of a unit that fails are put back. */
export async function writeOffline(
  { system, placement }: Context,
  pending: readonly Pending[],
  done: 'applied' | 'reverted',
): Promise<UnitResult[]> {
  const results: UnitResult[] = [];
  for (const one of pending) {
    const failures = await failureOf(() => writeChanges(system, one.changes));
    const files = filesToUndo(placement, one.unit, one.changes);
    const undone = failures.length > 0 ? await failureOf(() => undoFiles(system, files)) : [];
    const diagnostics = [...one.diagnostics, ...failures, ...undone];
    if (failures.length === 0) results.push({ ...one, state: done, restarted: false, diagnostics });
    else if (undone.length === 0) results.push({ ...one, state: 'refused', diagnostics });
    else results.push({ ...one, state: 'failed', restarted: false, diagnostics });
  }
  return results;
}
