/** Changes of the script `activate`, for hosts without Node (sandbox-unit-activate(8)), that aren't done. It alone ends them. */

import { ownCommand } from '../../command-lines.js';
import { type Diagnostic, EXIT, error, note, warning } from '../../diagnostic.js';
import type { Outcome } from '../../outcome.js';
import { ACTIVATIONS, activationsFolder, undoFolder } from '../../paths/records.js';
import { exists } from '../../prepare/load/exists.js';
import { orElse } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import { shellWord } from '../../unit/exec/shell-word.js';
import { isServiceName } from '../../unit/name.js';
import { isBusy } from '../lock.js';
import { UNCONFIRMED } from './pending.js';

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
  error('half-done', `activate has left ${unit} half changed, or waiting`, { hint: wayOut(unit) });

const wayOut = (unit: string): string => {
  const script = `sh ${activationsFolder}/activate`;
  return `'${script} --undo -- ${shellWord(unit)}' puts it back, --keep keeps it`;
};

/** Diagnostics for `status` about these units. */
export async function tellActivations(context: Context): Promise<Pick<Outcome, 'exit' | 'diagnostics'>> {
  const units = context.offline ? [] : await orElse(() => activatedUnits(context), undefined);
  if (units === undefined) return { exit: EXIT.ok, diagnostics: [unseen(context)] };
  const waits = await Promise.all(
    units.map((unit) => exists(context.system, `${activationsFolder}/${unit}/waits`)),
  );
  const halfDone = units.filter((_, i) => !waits[i]);
  const waiting = units.filter((_, i) => waits[i]).map(stillWaits);
  if (halfDone.length === 0)
    return { exit: waiting.length > 0 ? EXIT.pending : EXIT.ok, diagnostics: waiting };
  if (await isBusy(context)) {
    const busy = note('busy', `activate is changing ${halfDone.join(', ')}`);
    return { exit: waiting.length > 0 ? EXIT.pending : EXIT.ok, diagnostics: [...waiting, busy] };
  }
  return { exit: EXIT.failure, diagnostics: [...waiting, ...halfDone.map(notDone)] };
}

const stillWaits = (unit: string): Diagnostic =>
  warning(UNCONFIRMED, `activate puts ${unit} back unless it is confirmed`, { hint: wayOut(unit) });

function unseen({ placement }: Context): Diagnostic {
  const hint = `as root '${ownCommand(placement.scope, 'status')}' tells of which`;
  return note('half-done', 'activate has left units half changed, or waiting', { hint });
}
