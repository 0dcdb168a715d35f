/** A look at restarts before anything is changed: obstacles, and effects on other units. */

import { inBatches, once, shortList } from '../../collections.js';
import { type Diagnostic, error, note } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { ASKED_AT_ONCE, type Service } from '../../machine/state/service.js';
import { triggered } from '../../machine/state/triggered.js';
import type { UnitState } from '../../machine/unit-state.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { type AffectedUnit, affectedUnits } from './affected-units.js';
import { obstacleTo } from './may-restart.js';
import { insideOf, ownGroups, type Restarting } from './own-control-group.js';

/** The expectation of a service's restart, before anything is changed. */
export interface RestartOutlook {
  readonly name: string;
  /** Why it must not be restarted, as obstacleTo() has it; asked once. */
  readonly obstacle: () => Promise<string | undefined>;
  /** Effects on other units; an error if it could end more than the service. None where there is an obstacle. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Looks at services before their restart. */
export async function restartOutlooks(
  context: Context,
  verb: Restarting,
  services: readonly Service[],
): Promise<RestartOutlook[]> {
  if (services.length === 0) return [];
  const groups = await ownGroups(context);
  return inBatches(services, ASKED_AT_ONCE, async (service) => {
    const affected = await affectedUnits(context, [service]);
    const ofOthers = affected.flatMap((one) => failing(context, verb, one)).filter(isError);
    const found = [
      ...insideOf(context, verb, groups, { service, affected }),
      ...startsOthers(service),
      ...takesAlong(service, affected),
      ...(verb === 'revert' || verb === 'learn --restart'
        ? []
        : [...failing(context, verb, service), ...ofOthers]),
    ];
    const obstacle = once(() => obstacleTo(context, service, affected));
    const isLeftOut = found.length > 0 && (await obstacle()) !== undefined;
    return { name: service.name, obstacle, diagnostics: isLeftOut ? [] : found };
  });
}

/** The diagnostics alone. */
export const preflightRestarts = async (
  context: Context,
  verb: Restarting,
  services: readonly Service[],
): Promise<Diagnostic[]> =>
  (await restartOutlooks(context, verb, services)).flatMap(({ diagnostics }) => diagnostics);

function startsOthers({ name, state }: Service): Diagnostic[] {
  const { units } = triggered(state, 'OnSuccess');
  const message = `${name} starts ${units.join(', ')} when it is stopped or restarted (OnSuccess=)`;
  return units.length > 0 ? [note('on-failure', message)] : [];
}

function takesAlong({ name }: Service, affected: readonly AffectedUnit[]): Diagnostic[] {
  const names = affected.map((one) => one.name);
  const message = `restarting ${name} also restarts or stops ${shortList(names)}`;
  return names.length > 0 ? [note('takes-along', message)] : [];
}

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

/**
 * An error about a trial that ends all that runs if it fails: nobody would be there to roll the service back. A note
 * about units that a failure only starts.
 */
export function failing(context: Context, verb: Restarting, { name, state }: AffectedUnit): Diagnostic[] {
  const { scope, lifetime } = context.placement;
  const later =
    verb === 'apply'
      ? 'apply it with --no-restart'
      : `'${ownCommand(scope, 'apply --permissive --no-restart', name)}' records its next start`;
  const onFailure = triggered(state, 'OnFailure');
  if (onFailure.endsMore !== undefined) return [refusedTrial(name, onFailure.endsMore, later)];
  const action = failureAction(state);
  if (action !== undefined && lifetime !== 'runtime') {
    const hint = verb === 'apply' ? `try it with --runtime, which a boot undoes, then ${later}` : later;
    return [refusedTrial(name, action, hint)];
  }
  const message = `a failed trial of ${name} starts ${onFailure.units.join(', ')} (OnFailure=)`;
  return onFailure.units.length > 0 ? [note('on-failure', message)] : [];
}

/** The line by which systemd acts when a unit fails, fails too often, or takes too long to start (systemd.unit(5)). */
function failureAction(state: UnitState): string | undefined {
  const isTimed = state.jobTimeoutUSec !== undefined || state.jobRunningTimeoutUSec !== undefined;
  const actions = [
    ['FailureAction', state.failureAction],
    ['StartLimitAction', state.startLimitAction],
    ['JobTimeoutAction', isTimed ? state.jobTimeoutAction : ''],
  ] as const;
  const found = actions.find(([, action]) => !['', 'none'].includes(action));
  return found?.join('=');
}

const refusedTrial = (name: string, what: string, hint: string): Diagnostic =>
  error('on-failure', `a failed trial of ${name} would trigger ${what}`, { hint });
