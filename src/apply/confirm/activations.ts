/** Changes of the script `activate`, for hosts without Node (sandbox-unit-activate(8)), that aren't done. It alone ends them. */

import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { shellWord } from '../../systemd/command-lines.js';
import { ACTIVATIONS, activationsFolder, undoFolder } from '../../systemd/paths/records.js';
import { isServiceName } from '../../systemd/unit/name.js';

/**
 * Units of which the script has a record.
 * @throws UserError where the records can't be listed
 */
export async function activatedUnits({ system, placement }: Context): Promise<string[]> {
  if (placement.scope === 'user' || !(await system.list(undoFolder(placement))).includes(ACTIVATIONS))
    return [];
  // Beside records there is a copy of the script, and what isn't complete yet.
  return (await system.list(activationsFolder)).filter(isServiceName).sort();
}

/** An error about a unit that the script has yet to keep, or to put back. */
export const notDone = (unit: string): Diagnostic =>
  error('half-done', `activate has left ${unit} half changed, or waiting to be confirmed`, {
    hint: wayOut(unit),
  });

/** The command lines of the script. */
export const wayOut = (unit: string): string => {
  const script = `sh ${activationsFolder}/activate`;
  return `'${script} --undo -- ${shellWord(unit)}' rolls it back, --keep keeps it`;
};
