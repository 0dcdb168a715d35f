/** Decides which services must not be restarted. */

import type { Context } from '../../machine/context.js';
import { runsAsBefore } from '../../machine/state/applied-runs.js';
import { unmetCondition } from '../../machine/state/conditions.js';
import type { Service } from '../../machine/state/service.js';
import { isWaiting } from '../../machine/state/service-run.js';
import { triggered } from '../../machine/state/triggered.js';
import { isDown, type UnitState } from '../../machine/unit-state.js';
import { hasEffect } from '../../plan/emit/changes.js';
import type { Prepared } from '../../prepare/prepare.js';
import { type AffectedUnit, affectedUnits } from './affected-units.js';

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
  for (const one of affected ?? (await affectedUnits(context, [service]))) {
    const why = await dependentObstacle(context, one);
    if (why !== undefined) return `its restart also restarts or stops ${one.name}: ${why}`;
  }
  return undefined;
}

/** The reason against the restart for one of the units that it restarts or stops, too. */
async function dependentObstacle(context: Context, { state }: AffectedUnit): Promise<string | undefined> {
  // The properties that all types have don't tell a start from a oneshot service at work.
  if (state.activeState === 'activating' && !isWaiting(state)) return 'it is still starting';
  return endsMore(state) ?? staysDown(context, state);
}

/**
 * The reason why a unit that is stopped couldn't be started again; undefined if it could. Units that its own requirements need in turn
 * are not looked at.
 */
export async function staysDown(
  { system, placement }: Context,
  state: UnitState,
): Promise<string | undefined> {
  const unmet = await unmetCondition(system, placement.scope, state);
  if (unmet !== undefined) return `${unmet} is not met: it would not start again`;
  for (const [link, key] of NEEDED) {
    for (const name of state[link]) {
      const needed = await system.anyUnit(name);
      const { loadState, activeState } = needed;
      if (link === 'requisite' && isDown(needed)) return `${key}=${name} is down: it would not start again`;
      if (loadState !== 'loaded') return `${key}=${name} is ${loadState}: systemd would refuse the restart`;
      if (activeState === 'failed' && state.after.includes(name))
        return `${key}=${name} has failed: start that first`;
    }
  }
  return undefined;
}

/** Links to units without which a unit doesn't start, and their keys. */
const NEEDED = [
  ['requisite', 'Requisite'],
  ['requires', 'Requires'],
  ['bindsTo', 'BindsTo'],
] as const;

/** The services that carry the bus: the connection to the manager would end with them, and others' too. */
const BUSES: ReadonlySet<string> = new Set(['dbus.service', 'dbus-broker.service']);

/** The reason against a restart of a oneshot service at work: the work would be done by halves, and again. */
export function atWork(state: UnitState): string | undefined {
  const isActivating = state.type === 'oneshot' && state.activeState === 'activating';
  return isActivating && !isWaiting(state) ? 'its command is still running' : undefined;
}

/** The reason against a stop that ends more than the unit itself. */
export function endsMore(state: UnitState): string | undefined {
  const action = state.successAction || 'none';
  const line = action === 'none' ? triggered(state, 'OnSuccess').endsMore : `SuccessAction=${action}`;
  return line && `stopping it would trigger ${line}`;
}

/** The reason why a running service must not be restarted, and the way out; undefined if it may be. */
export function restartObstacle(state: UnitState): string | undefined {
  if (BUSES.has(state.id)) return 'a restart would disconnect every client of the bus: reboot instead';
  const more = endsMore(state);
  if (more !== undefined) return more;
  if (!state.refuseManualStart && !state.refuseManualStop) return undefined;
  const refusal = state.refuseManualStart ? 'RefuseManualStart' : 'RefuseManualStop';
  return `it has ${refusal}=yes: restart it by its own commands, or reboot`;
}

/** Whether a restart is due: a running service doesn't run with the unit's files as planned. */
export async function isRestartDue(
  context: Context,
  { changes, appliedRuns }: Pick<Prepared, 'changes' | 'appliedRuns'>,
  service: Service,
): Promise<boolean> {
  return hasEffect(changes) || runsAsBefore(context, appliedRuns, service);
}
