import { hasEffect } from '../emit/changes.js';
import type { Prepared } from '../prepare/prepare.js';
import { runsAsBefore } from '../state/applied-runs.js';
import type { Service } from '../state/service.js';
import type { Context } from '../system/context.js';

/** Whether a restart is due: a running service doesn't run with the unit's files as planned. */
export async function isRestartDue(
  context: Context,
  { changes, appliedRuns }: Pick<Prepared, 'changes' | 'appliedRuns'>,
  service: Service,
): Promise<boolean> {
  return hasEffect(changes) || runsAsBefore(context, appliedRuns, service);
}
