/** Changes of the script `activate` that aren't done, as `status` shows them. */

import { type Diagnostic, EXIT, note, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import type { Outcome } from '../../outcome.js';
import { exists } from '../../prepare/load/exists.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { activationsFolder } from '../../systemd/paths/records.js';
import { isBusy } from '../lock.js';
import { activatedUnits, notDone, wayOut } from './activations.js';
import { UNCONFIRMED } from './pending.js';

/** Diagnostics about units of which the script has a record. */
export async function activationNotices(context: Context): Promise<Pick<Outcome, 'exit' | 'diagnostics'>> {
  const units = context.offline ? [] : await orElse(() => activatedUnits(context), undefined);
  if (units === undefined) return { exit: EXIT.ok, diagnostics: [unseen(context)] };
  const waits = await Promise.all(
    units.map((unit) => exists(context.system, `${activationsFolder}/${unit}/waits`)),
  );
  const halfDone = units.filter((_, i) => !waits[i]);
  const waiting = units.filter((_, i) => waits[i]).map(stillWaits);
  const exit = waiting.length > 0 ? EXIT.pending : EXIT.ok;
  if (halfDone.length === 0) return { exit, diagnostics: waiting };
  if (await isBusy(context)) {
    const busy = note('busy', `activate is changing ${halfDone.join(', ')}`);
    return { exit, diagnostics: [...waiting, busy] };
  }
  return { exit: EXIT.failure, diagnostics: [...waiting, ...halfDone.map(notDone)] };
}

const stillWaits = (unit: string): Diagnostic =>
  warning(UNCONFIRMED, `activate rolls ${unit} back unless the change is confirmed`, { hint: wayOut(unit) });

function unseen({ placement }: Context): Diagnostic {
  const hint = `run '${ownCommand(placement.scope, 'status')}' as root to see which`;
  return note('half-done', 'activate has left units half changed, or waiting to be confirmed', { hint });
}
