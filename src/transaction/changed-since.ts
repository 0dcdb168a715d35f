import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error } from '../diagnostic.js';
import { orElse } from '../state/failures.js';
import type { Context } from '../system/context.js';
import { type Stand, standsOf } from './steps/files.js';
import type { UndoRecord } from './undo-record-format.js';

/** Whether somebody else has changed a file of a unit since a run began to change it, as far as that can be seen. */
export async function isChangedSince({ system }: Context, { files }: UndoRecord): Promise<boolean> {
  const stands = await orElse<readonly Stand[]>(() => standsOf(system, files), []);
  return stands.includes('other');
}

export function changedSince({ placement }: Context, unit: string): Diagnostic {
  const message = `the files of ${unit} were edited after a run began to change them: they are left as they are`;
  const hint = `'${ownCommand(placement.scope, 'apply', unit)}', or revert`;
  return error('changed-since', message, { hint });
}
