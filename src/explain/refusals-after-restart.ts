import type { Context } from '../machine/context.js';
import { isKilledByFilter } from '../machine/state/failure.js';
import { orElse } from '../machine/state/failures.js';
import { lastWritten } from '../machine/state/own-files.js';
import type { Prepared } from '../prepare/prepare.js';
import { explainKnown, explainUnit, type UnitExplanations } from './explain-unit.js';
import type { ObservedCall } from './records/observed.js';
import { startOf } from './records/start-of.js';

/**
 * The number of looks for a record, which takes a moment to get into the journal, and the pause between them in
 * milliseconds.
 */
const LOOKS = 6;
const PAUSE = 200;

/**
 * Explains the calls that a service was refused since its restart. Undefined if nothing tells: logs that can't be read are
 * no failure of the service.
 * @param observed calls that were seen refused, in the place of those in logs; undefined where nobody looked
 * @throws UserError where calls were seen and the manager can't be asked for their cause
 */
export const refusalsAfterRestart = (
  context: Context,
  prepared: Prepared,
  observed: readonly ObservedCall[] | undefined,
): Promise<UnitExplanations | undefined> =>
  observed ? byObserver(context, prepared, observed) : orElse(() => byLogs(context, prepared), undefined);

/** Explains what was seen. No log is read. */
async function byObserver(
  context: Context,
  prepared: Prepared,
  observed: readonly ObservedCall[],
): Promise<UnitExplanations> {
  const since = await sinceRestart(context, prepared);
  const known = { suppressed: false, readable: true, since };
  if (observed.length === 0) return { ...known, explanations: [], fallbacks: [] };
  const state = await context.system.unit(prepared.plan.unit);
  return { ...known, ...explainKnown(prepared, state, observed) };
}

/** A child may have been killed while the main process goes on: the service's state doesn't tell whether a record comes. */
async function byLogs(context: Context, prepared: Prepared): Promise<UnitExplanations> {
  const state = await context.system.unit(prepared.plan.unit);
  const since = await sinceRestart(context, prepared);
  let looked = await explainUnit(context, prepared, state, { since });
  const looks = looked.readable || isKilledByFilter(state) ? LOOKS : 1;
  for (let look = 1; looked.explanations.length === 0 && look < looks; look++) {
    await context.system.wait(PAUSE);
    looked = await explainUnit(context, prepared, state, { since });
  }
  return looked;
}

/** The unit's files were written before the restart; an unloaded service doesn't tell its start. */
async function sinceRestart(context: Context, { plan, unit }: Prepared): Promise<number> {
  const state = await context.system.unit(plan.unit);
  return Math.max(await lastWritten(context, unit.name.full), startOf(state, unit.state));
}
