import type { Diagnostic } from '../diagnostic.js';
import type { Prepared } from '../prepare/prepare.js';
import { isKilledByFilter } from '../state/failure.js';
import { failuresOf } from '../state/failures.js';
import { lastWritten } from '../state/own-files.js';
import type { Context } from '../system/context.js';
import type { UnitState } from '../system/unit-state.js';
import { explanationDiagnostic } from './diagnostic.js';
import { explainUnit, startOf } from './explain-unit.js';

/**
 * The number of looks for a record, which takes a moment to get into the journal, and the pause between them in
 * milliseconds.
 */
const LOOKS = 6;
const PAUSE = 200;

/**
 * Diagnostics about calls that a service was refused since its restart, for one that has failed. None if nothing tells:
 * logs that can't be read are no failure of the service.
 */
export async function refusalsAfterRestart(
  context: Context,
  prepared: Prepared,
): Promise<readonly Diagnostic[]> {
  const { plan, unit } = prepared;
  let found: readonly Diagnostic[] = [];
  await failuresOf(async () => {
    const state = await context.system.unit(plan.unit);
    const looks = isKilledByFilter(state) ? LOOKS : 1;
    // The unit's files were written before the restart; an unloaded service doesn't tell its start.
    const written = await lastWritten(context, unit.name.full);
    const since = Math.max(written, startOf(state, unit.state));
    for (let look = 1; found.length === 0 && look <= looks; look++) {
      if (look > 1) await context.system.wait(PAUSE);
      found = await diagnosticsSince(context, prepared, state, since);
    }
    return [];
  });
  return found;
}

async function diagnosticsSince(
  context: Context,
  prepared: Prepared,
  state: UnitState,
  since: number,
): Promise<readonly Diagnostic[]> {
  const { explanations } = await explainUnit(context, prepared, state, { since });
  return explanations.map((one) => explanationDiagnostic(one, prepared.plan.target.machine));
}
