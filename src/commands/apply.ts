import { once } from '../collections.js';
import { EXIT, error, UserError } from '../diagnostic.js';
import type { Outcome } from '../outcome.js';
import { probeMachine } from '../prepare/probe/target.js';
import { unitsOutcome } from '../report/apply.js';
import { keepRunsFound } from '../state/applied-runs.js';
import type { Context } from '../system/context.js';
import { type AllUnits, allUnits } from '../transaction/apply/all-units.js';
import type { ApplyOptions } from '../transaction/apply/plan.js';
import { planUnits } from '../transaction/apply/plan-units.js';
import { applyUnits } from '../transaction/apply/table.js';
import { holdSignals } from '../transaction/held-signals.js';
import { withLock } from '../transaction/lock.js';
import { isToBeApplied, type UnitResult, updated } from '../transaction/unit-result.js';
import { writeOffline } from '../transaction/write-offline.js';

export interface ApplyWords extends ApplyOptions {
  /** All units that have a policy, in place of named ones. */
  readonly all?: boolean;
}

/**
 * Applies policies to units: writes all files, reloads once, restarts each unit and sees that it works. A unit that
 * doesn't work is rolled back, and the others go on.
 * @throws UserError `usage` without units
 */
export async function apply(
  context: Context,
  units: readonly string[],
  options: ApplyWords,
): Promise<Outcome> {
  const { all = false, ...how } = options;
  if (all && units.length > 0) throw usage('--all stands for every unit with a policy: name none besides');
  if (!all && units.length === 0) throw usage("missing required argument 'unit'");
  return withLock(context, how, async () => {
    const asked = all ? await allUnits(context) : { ...NONE, units: units.map((unit) => ({ unit })) };
    return applyEach(context, asked, how);
  });
}

const NONE = { unknown: [], diagnostics: [] };

const usage = (message: string) =>
  new UserError(error('usage', message, { hint: "see 'sandbox-unit apply --help'" }), EXIT.failure);

async function applyEach(context: Context, asked: AllUnits, options: ApplyOptions): Promise<Outcome> {
  const sources = new Map<string, string>();
  const machine = once(() => probeMachine(context));
  const { units, diagnostics } = await planUnits(context, asked.units, { options, sources, machine });
  const planned = [...asked.unknown, ...units];
  const pending = planned.filter(isToBeApplied);
  const outcome = (results: readonly UnitResult[]): Outcome => {
    const all = unitsOutcome(results, sources, options);
    return { ...all, diagnostics: [...asked.diagnostics, ...diagnostics, ...all.diagnostics] };
  };
  if (!options.check && !context.offline) await keepFound(context, planned);
  if (options.check || pending.length === 0) return outcome(planned);
  const signals = holdSignals(context, (name) =>
    context.caller.tell(`${name}: rolling back what isn't done …`),
  );
  try {
    const done = context.offline
      ? await writeOffline(context, pending, 'applied')
      : await applyUnits({ context, signals }, pending, options);
    return outcome(updated(planned, done));
  } finally {
    signals.release();
  }
}

/** Records services that are seen to run with their files, so that later changes of the files' times don't matter. */
async function keepFound(context: Context, planned: readonly UnitResult[]): Promise<void> {
  for (const one of planned) {
    const isDue = one.diagnostics.some(({ code }) => code === 'restart-due');
    if (one.state === 'unchanged' && one.prepared && !isDue) {
      await keepRunsFound(context, one.prepared.appliedRuns, one.services ?? []);
    }
  }
}
