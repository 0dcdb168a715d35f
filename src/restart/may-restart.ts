/** Decides which services a change restarts, and which must not be restarted. */

import { hasEffect } from '../emit/changes.js';
import type { Prepared } from '../prepare/prepare.js';
import { runsAsBefore } from '../state/applied-runs.js';
import { unmetCondition } from '../state/conditions.js';
import type { Service } from '../state/service.js';
import { isWaiting } from '../state/service-run.js';
import type { Context } from '../system/context.js';
import { isDown, type UnitState } from '../system/unit-state.js';
import { type AffectedUnit, affectedUnits, isTrigger, NEEDS, namesIn, wantedOf } from './affected-units.js';
import { unmetRequirement } from './requirements.js';
import { atWork, endsMore, restartObstacle } from './service-obstacles.js';

/** Whether a restart is due: a running service doesn't run with the unit's files as planned. */
export async function isRestartDue(
  context: Context,
  { changes, appliedRuns }: Pick<Prepared, 'changes' | 'appliedRuns'>,
  service: Service,
): Promise<boolean> {
  return hasEffect(changes) || runsAsBefore(context, appliedRuns, service);
}

/**
 * The reason why a service must not be restarted, and the way out; undefined if it may be.
 * @param affected the units that its restart takes down, if they are known already
 */
export async function obstacleTo(
  context: Context,
  service: Service,
  affected?: readonly AffectedUnit[],
): Promise<string | undefined> {
  const { state } = service;
  const { loadState } = state;
  if (loadState !== 'loaded') return `it is ${loadState}: systemd would refuse the restart`;
  const obstacle = atWork(state) ?? restartObstacle(state) ?? (await staysDown(context, state));
  if (obstacle !== undefined) return obstacle;
  const all = [service, ...(affected ?? (await affectedUnits(context, [service])))];
  const names = new Set(all.map(({ name }) => name));
  for (const one of all.slice(1)) {
    const why = await dependentObstacle(context, one, names);
    if (why !== undefined) return `it takes ${one.name} along, and of that ${why}`;
  }
  return undefined;
}

/**
 * The reason against the restart for one of the units that it stops, even if the restart starts that unit again.
 * @param all the names of units that the restart starts again, this one among them
 */
async function dependentObstacle(
  context: Context,
  { name, state }: AffectedUnit,
  all: ReadonlySet<string>,
): Promise<string | undefined> {
  const goesWith = namesIn(state, NEEDS).some((one) => all.has(one));
  if (isTrigger(name) && !goesWith) return undefined;
  const isGone = namesIn(state, ['stopPropagatedFrom']).some((one) => all.has(one));
  if (state.transient && isGone) return 'it is transient: nobody could start it again';
  if (name.endsWith('.socket')) {
    const others = namesIn(state, ['triggers']).filter((one) => !all.has(one));
    const [user] = await wantedOf(context.system, others);
    return user === undefined ? staysDown(context, state, all) : `${user} runs: it could not listen again`;
  }
  // The properties that all types have don't tell a start from a oneshot service at work.
  if (state.activeState === 'activating' && !isWaiting(state)) return 'the start goes on';
  return endsMore(state) ?? staysDown(context, state, all);
}

/**
 * The reason why a unit that is stopped couldn't be started again; undefined if it could.
 * @param besides the names of units that are started with it
 */
export async function staysDown(
  { system, placement }: Context,
  state: UnitState,
  besides: ReadonlySet<string> = new Set(),
): Promise<string | undefined> {
  const unmet = await unmetCondition(system, placement.scope, state);
  if (unmet !== undefined) return `${unmet} doesn't hold: it would stay down`;
  for (const name of state.requisite) {
    if (!besides.has(name) && isDown(await system.anyUnit(name)))
      return `Requisite=${name} is down: it would stay down`;
  }
  return unmetRequirement(system, state, besides);
}
