/** Calls that a service was refused while it was tried: seen by the observer, or in logs where it can't watch. */

import { asWarning, type Diagnostic } from '../../diagnostic.js';
import type { Explanation } from '../../explain/explanation.js';
import { failuresOf, orElse } from '../../machine/state/failures.js';
import { isUp } from '../../machine/state/service-run.js';
import type { Prepared } from '../../prepare/prepare.js';
import type { Transaction } from '../changed-unit.js';
import type { WatchedCalls } from './watch.js';

export interface TrialRefusals {
  /** Undefined where not all could be seen. */
  readonly refusals: readonly Explanation[] | undefined;
  /** Reasons to take the policy back. */
  readonly failures: readonly Diagnostic[];
  readonly notes: readonly Diagnostic[];
}

const NONE: TrialRefusals = { refusals: undefined, failures: [], notes: [] };

/** Checks the refused calls of a service that has stayed up. */
export async function refusalsInTrial(
  { context, trialWatch }: Transaction,
  prepared: Prepared,
): Promise<TrialRefusals> {
  if (!trialWatch || prepared.plan.mode === 'permissive') return NONE;
  const sight = await trialWatch.sight(prepared.plan.unit);
  if ('calls' in sight && sight.calls.length === 0 && !sight.isCut) return { ...NONE, refusals: [] };
  // Explanations are rare: their code is loaded where they are needed.
  const { refusalsAfterRestart } = await import('../../explain/refusals-after-restart.js');
  const { cutRefusals, checkRefusals, unseenRefusals } = await import('./check-refusals.js');
  const looked = await refusalsAfterRestart(context, prepared, callsOf(sight));
  const { canReload } = await context.system.unit(prepared.plan.unit);
  const { failures, notes } = checkRefusals(prepared, looked?.explanations ?? [], canReload);
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

const callsOf = (sight: WatchedCalls) => ('calls' in sight ? sight.calls : undefined);

/** Diagnostics about calls that a service was refused, which has failed. */
export async function refusalsOfFailed(
  { context, trialWatch }: Transaction,
  prepared: Prepared,
): Promise<readonly Diagnostic[]> {
  let refused: readonly Diagnostic[] = [];
  let fallbacks: readonly Diagnostic[] = [];
  // Nothing that is wrong here may keep the service from its roll-back.
  await failuresOf(async () => {
    const { refusalsAfterRestart } = await import('../../explain/refusals-after-restart.js');
    const { explanationDiagnostic } = await import('../../explain/diagnostic.js');
    const sight = await trialWatch?.sight(prepared.plan.unit);
    const found = await refusalsAfterRestart(context, prepared, sight && callsOf(sight));
    const tell = (some: readonly Explanation[] = []) =>
      some.map((one) => explanationDiagnostic(one, prepared.plan.target.machine));
    refused = tell(found?.explanations);
    fallbacks = tell(found?.fallbacks);
    return [];
  });
  if (refused.length > 0) return refused;
  const state = await orElse(() => context.system.unit(prepared.plan.unit), undefined);
  // A library makes another call after ENOSYS: that may be why the service has ended, and not why a probe fails.
  return state !== undefined && !isUp(state) ? fallbacks.map(asWarning) : [];
}
