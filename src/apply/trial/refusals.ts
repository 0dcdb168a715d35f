/** Refusals to a service while it was tried: seen by the observer, or its calls in logs where that can't watch. */

import { asWarning, type Diagnostic } from '../../diagnostic.js';
import type { Explanation } from '../../explain/explanation.js';
import type { FoundRefusal } from '../../explain/refusals/found.js';
import type { Context } from '../../machine/context.js';
import { failuresOf, orElse } from '../../machine/state/failures.js';
import { isUp } from '../../machine/state/service-run.js';
import type { Prepared } from '../../prepare/prepare.js';
import type { Transaction } from '../changed-unit.js';
import type { TrialSight } from './watch.js';

export interface TrialRefusals {
  /** Undefined where not all could be seen. */
  readonly refusals: readonly Explanation[] | undefined;
  /** Reasons to take the policy back. */
  readonly failures: readonly Diagnostic[];
  readonly notes: readonly Diagnostic[];
}

const NONE: TrialRefusals = { refusals: undefined, failures: [], notes: [] };

/** Checks what a service was refused that has stayed up. */
export async function refusalsInTrial(
  { context, trialWatch }: Transaction,
  prepared: Prepared,
): Promise<TrialRefusals> {
  if (!trialWatch || prepared.plan.mode === 'permissive') return NONE;
  const sight = await trialWatch.sight(prepared.plan.unit);
  const isClean = 'calls' in sight && sight.calls.length + sight.others.length === 0 && !sight.isCut;
  if (isClean) return { ...NONE, refusals: [] };
  // Explanations are rare: their code is loaded where they are needed.
  const { refusalsAfterRestart } = await import('../../explain/refusals-after-restart.js');
  const { cutRefusals, checkRefusals, unseenRefusals } = await import('./check-refusals.js');
  const looked = await refusalsAfterRestart(context, prepared, callsOf(sight));
  const { canReload } = await context.system.unit(prepared.plan.unit);
  const found = {
    explanations: looked?.explanations ?? [],
    others: await othersOf(context, prepared, sight),
  };
  const { failures, notes } = checkRefusals(prepared, found, canReload);
  const unseen =
    'blind' in sight
      ? [unseenRefusals(prepared.plan, sight.blind)]
      : sight.isCut
        ? [cutRefusals(prepared.plan)]
        : [];
  return {
    failures,
    notes: [...notes, ...unseen],
    refusals: unseen.length > 0 ? undefined : [...(looked?.explanations ?? []), ...(looked?.fallbacks ?? [])],
  };
}

const callsOf = (sight: TrialSight) => ('calls' in sight ? sight.calls : undefined);

/** Refusals by lines of the policy, those of calls left out. */
async function othersOf(context: Context, prepared: Prepared, sight: TrialSight): Promise<FoundRefusal[]> {
  if (!('others' in sight) || sight.others.length === 0) return [];
  const { foundRefusals } = await import('../../explain/refusals/found.js');
  const state = await context.system.unit(prepared.plan.unit);
  const found = await foundRefusals(context, prepared, state, sight.others);
  return found.filter(({ at }) => at !== undefined);
}

/** Diagnostics about what a service was refused, which has failed. */
export async function refusalsOfFailed(
  { context, trialWatch }: Transaction,
  prepared: Prepared,
): Promise<readonly Diagnostic[]> {
  let refused: readonly Diagnostic[] = [];
  let fallbacks: readonly Diagnostic[] = [];
  // Nothing that is wrong here may keep the service from its roll-back.
  await failuresOf(async () => {
    const { refusalsAfterRestart } = await import('../../explain/refusals-after-restart.js');
    const { accessDiagnostic, explanationDiagnostic } = await import('../../explain/diagnostic.js');
    const sight = await trialWatch?.sight(prepared.plan.unit);
    const found = await refusalsAfterRestart(context, prepared, sight && callsOf(sight));
    const tell = (some: readonly Explanation[] = []) =>
      some.map((one) => explanationDiagnostic(one, prepared.plan.target.machine));
    const others = sight ? await othersOf(context, prepared, sight) : [];
    refused = [...tell(found?.explanations), ...others.map(accessDiagnostic)];
    fallbacks = tell(found?.fallbacks);
    return [];
  });
  if (refused.length > 0) return refused;
  const state = await orElse(() => context.system.unit(prepared.plan.unit), undefined);
  // A library makes another call after ENOSYS: that may be why the service has ended, and not why a probe fails.
  return state !== undefined && !isUp(state) ? fallbacks.map(asWarning) : [];
}
