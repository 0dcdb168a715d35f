import type { Diagnostic } from '../../diagnostic.js';
import { commandEnd, endOfRun, type FailedUnit, failed, isWell } from '../../machine/state/failure.js';
import {
  atRest,
  hasFailed,
  hasJob,
  isFinished,
  isSameRun,
  isUp,
  isWaiting,
  runOf,
} from '../../machine/state/service-run.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import { DEFAULT_SETTLE } from '../../policy/probe.js';
import type { Prepared } from '../../prepare/prepare.js';
import { mainOf, notConfined } from '../../verify/kernel/confinement.js';
import { restart } from '../restart/restart-service.js';
import { type Probing, runProbes } from './probes.js';
import { isKilledByReload, reloadKills } from './reload-signal.js';

/** The conditions of a trial. */
export interface Trial extends Probing {
  /** The time for which the service must stay up, in milliseconds. */
  readonly settle: number;
  /** Whether the service is reloaded, too; by default where it can be. */
  readonly reload?: boolean | undefined;
}

/**
 * Sees that a restarted service stays up, is confined and answers its probes; and that it does so after a reload, where
 * it can be reloaded.
 * @returns errors where it doesn't; a warning about a reload that ends it with any policy
 */
export async function tryOut(system: System, trial: Trial): Promise<Diagnostic[]> {
  const { plan, reload } = trial;
  const found = await works(system, trial, 'did not stay up');
  if (found.length > 0 || reload === false) return found;
  const state = await system.unit(plan.unit);
  if (!state.canReload || !isUp(state)) return [];
  return tryReload(system, trial, state);
}

/** Reloads a service that works, and sees that it still does; one that ends by the signal of it is started again. */
async function tryReload(system: System, trial: Trial, before: UnitState): Promise<Diagnostic[]> {
  const { unit, target } = trial.plan;
  const found = await reloaded(system, trial, before);
  if (found.length === 0) return [];
  const isOwnFault =
    trial.reload === undefined &&
    (await isKilledByReload(system, { unit, scope: target.scope, run: before }));
  return isOwnFault ? startAgain(system, trial, before) : found.map((one) => withWayOut(one, trial.plan));
}

async function reloaded(system: System, trial: Trial, before: UnitState): Promise<Diagnostic[]> {
  const { unit } = trial.plan;
  const one = { unit, scope: trial.plan.target.scope, plan: trial.plan };
  const result = await system.reloadUnit(unit);
  const state = await atRest(system, unit);
  // A job of another program may have taken the place of this one.
  if (result === 'done' || (result === 'canceled' && isUp(state))) {
    return works(system, trial, 'did not stay up after its reload', before);
  }
  const end = commandEnd(state, 'ExecReload');
  const how = end === '' ? '' : ` (${end})`;
  return [
    await failed(system, { ...one, run: before }, `the reload of ${unit} ended with '${result}'${how}`),
  ];
}

/** Starts a service again that its own reload has ended, and sees that it works. */
async function startAgain(system: System, trial: Trial, before: UnitState): Promise<Diagnostic[]> {
  const { unit, target } = trial.plan;
  const one = { unit, scope: target.scope, plan: trial.plan };
  const found = await restart(system, one, { starts: true });
  if (found.length > 0) return found;
  const wrong = await works(system, trial, 'did not stay up');
  return wrong.length > 0 ? wrong : [reloadKills(unit, before)];
}

/** Adds the way out: of a reload that [ready] takes calls from, as those that are named with it show, or of one that has never worked. */
const withWayOut = (found: Diagnostic, { ready }: Trial['plan']): Diagnostic => ({
  ...found,
  hint: (ready ? [READY_RELOAD, found.hint] : [found.hint, WITHOUT_RELOAD]).filter(Boolean).join('; '),
});

/** The way out of a reload that [ready] takes calls from. */
export const READY_RELOAD =
  "a reload may need calls that [ready] refuses, which are listed with their lines; 'reload = false' in [ready] restarts the service instead";
const WITHOUT_RELOAD = "if its reload also fails without the policy, set 'reload = false' in [apply]";

/**
 * Sees that a service stays up, is confined and answers its probes.
 * @param end the words about a service that doesn't stay up
 * @param since the service in the run that must go on; by default the one that it is in
 */
async function works(system: System, trial: Trial, end: string, since?: UnitState): Promise<Diagnostic[]> {
  const { plan, settle } = trial;
  const { unit } = plan;
  const one = { unit, scope: plan.target.scope, plan };
  let run = since;
  for (let left = MOST_RESTARTS; ; left--) {
    const started = run ?? (await system.unit(unit));
    run = undefined;
    if (isFinished(started)) return [];
    await system.wait(settle, async () => isOver(await system.unit(unit)));
    const settled = await system.unit(unit);
    if (left > 0 && (await wasRestartedByOthers(system, one, started, settled))) continue;
    const hasStayed = isUp(settled) || isFinished(settled);
    if (!hasStayed || !isSameRun(runOf(unit, started), settled)) {
      return [await failed(system, { ...one, run: started }, `${unit} ${end}`)];
    }
    const open = await notConfined(system, mainOf(plan), settled);
    return open.length > 0 ? open : runProbes(system, trial);
  }
}

/** Whether a service has failed, and no job is about to change that. */
const isOver = (state: UnitState): boolean => (hasFailed(state) || isWaiting(state)) && !hasJob(state);

/** How often others may restart a service while it is tried. */
const MOST_RESTARTS = 5;

/**
 * Whether others have restarted a service that ran well. systemd counts its own restarts (Restart=) in NRestarts, and none by
 * sockets, timers, the bus and other units, which also start one that has failed. The journal has only ends that are failures.
 */
async function wasRestartedByOthers(
  system: System,
  one: Pick<FailedUnit, 'unit' | 'scope'>,
  before: UnitState,
  after: UnitState,
): Promise<boolean> {
  const isAnew = isUp(after) && !isSameRun(runOf(one.unit, before), after);
  if (!isAnew || before.nRestarts !== after.nRestarts) return false;
  const end = await endOfRun(system, { ...one, run: before }, after);
  return end === undefined || isWell(end);
}

/** The trial that a policy asks for. */
export const trialOf = ({ plan, policy: { policy } }: Prepared): Trial => ({
  plan,
  settle: policy.settle?.value ?? DEFAULT_SETTLE,
  reload: policy.reload?.value,
  probes: policy.probe ?? [],
  user: policy.probeAs?.value,
  timeout: policy.probeTimeout?.value,
});
