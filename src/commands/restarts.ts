/** Which services a change restarts, and which must not be. */
import { atWork, restartObstacle } from '../apply/activate.js';
import { hasEffect } from '../apply/changes.js';
import { unmetCondition } from '../apply/conditions.js';
import { mountedBy, replacedPrograms } from '../apply/replaced-programs.js';
import type { Context } from '../system/context.js';
import type { Prepared } from './prepare.js';
import type { Service } from './services.js';
import { runsAsBefore } from './standing.js';

/** Whether a service that runs doesn't run with a unit's files as they shall be. */
export async function isRestartDue(
  context: Context,
  { plan, changes, standing }: Pick<Prepared, 'plan' | 'changes' | 'standing'>,
  { name, properties }: Service,
): Promise<boolean> {
  if (hasEffect(changes) || (await runsAsBefore(context, standing, properties))) return true;
  return (await replacedPrograms(context.system, mountedBy(plan, name), properties)).length > 0;
}

/** Why a service must not be restarted, and the way out; undefined where it may be. */
export async function obstacleTo(
  { system, placement }: Context,
  { properties }: Service,
): Promise<string | undefined> {
  const obstacle = atWork(properties) ?? restartObstacle(properties);
  if (obstacle !== undefined) return obstacle;
  const unmet = await unmetCondition(system, placement.scope, properties);
  return unmet && `${unmet} doesn't hold: it would stay down`;
}
