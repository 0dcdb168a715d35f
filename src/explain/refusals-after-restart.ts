import type { Prepared } from '../prepare/prepare.js';
import { isKilledByFilter } from '../state/failure.js';
import { orElse } from '../state/failures.js';
import { lastWritten } from '../state/own-files.js';
import type { Context } from '../system/context.js';
import { explainUnit, type Looked } from './explain-unit.js';
import type { ObservedCall } from './records/observed.js';
import { startOf } from './records/start-of.js';

/**
 * The number of looks for a record, which takes a moment to get into the journal, and the pause between them in
 * milliseconds.
 */
const LOOKS = 6;
const PAUSE = 200;

const NOTHING_HEARD = { records: [], suppressed: false };

/**
 * Explains the calls that a service was refused since its restart. Undefined if nothing tells: logs that can't be read are
 * no failure of the service.
 * @param observed calls that were seen refused, in the place of those in logs; undefined where nobody looked
 */
export const refusalsAfterRestart = (
  context: Context,
  prepared: Prepared,
  observed: readonly ObservedCall[] | undefined,
): Promise<Looked | undefined> =>
  orElse(() => {
    return observed ? byObserver(context, prepared, observed) : byLogs(context, prepared);
  }, undefined);

async function byObserver(
  context: Context,
  prepared: Prepared,
  observed: readonly ObservedCall[],
): Promise<Looked> {
  const since = await sinceRestart(context, prepared);
  if (observed.length === 0) {
    return { explanations: [], since, suppressed: false, readable: true, unowned: [] };
  }
  const state = await context.system.unit(prepared.plan.unit);
  return explainUnit(context, prepared, state, { since, observed, heard: NOTHING_HEARD });
}

async function byLogs(context: Context, prepared: Prepared): Promise<Looked> {
  const state = await context.system.unit(prepared.plan.unit);
  const since = await sinceRestart(context, prepared);
  const looks = isKilledByFilter(state) ? LOOKS : 1;
  let looked = await explainUnit(context, prepared, state, { since });
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
