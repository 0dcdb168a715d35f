import { UserError } from '../diagnostic.js';
import { boundTo } from '../state/stopped.js';
import type { Context } from '../system/context.js';
import type { HeldSignals } from './held-signals.js';
import { keepUndo } from './keep-record.js';
import { undo } from './roll-back.js';
import { filesToUndo, putsLauncher, type Undo } from './undo-record.js';
import type { UnitResult } from './unit-result.js';
import { writeChanges } from './write.js';

/** From here on it is heard what others do to the services. */
async function keepWayBack(
  context: Context,
  { unit, changes, services = [], prepared }: UnitResult,
): Promise<Undo> {
  await context.system.watch(services.flatMap(({ name, properties }) => [name, ...boundTo(properties)]));
  return keepUndo(context, { unit, changes, services, appliedRuns: prepared?.appliedRuns });
}

/** What the loaded drop-in needs goes only when the manager has read the new one, and that is tried out. */
export async function writeUnit(
  context: Context,
  result: UnitResult,
  signals: HeldSignals,
): Promise<UnitResult> {
  const { unit, changes } = result;
  try {
    signals.assertNone();
    const kept = context.offline ? undefined : await keepWayBack(context, result);
    const now = changes.filter(({ kind }) => context.offline || kind !== 'remove');
    await writeChanges(context.system, now);
    return { ...result, state: 'applied', ...(kept ? { undo: kept } : {}) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const { placement } = context;
    const files = filesToUndo(placement, unit, changes);
    const problems = await undo(context, { unit, files, launcher: putsLauncher(placement, changes) });
    const diagnostics = [...result.diagnostics, ...cause.diagnostics, ...problems];
    const { exit } = cause;
    return { ...result, state: problems.length > 0 ? 'failed' : 'refused', diagnostics, exit };
  }
}
