import { type Diagnostic, warning } from '../../diagnostic.js';
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
import { commandsOf, type UnitState } from '../../machine/unit-state.js';
import { DEFAULT_SETTLE } from '../../policy/probe.js';
import type { Prepared } from '../../prepare/prepare.js';
import { CLEAN_SIGNALS, signalNumber } from '../../systemd/unit/exit-status.js';
import type { Scope } from '../../systemd/unit/search.js';
import { mainOf, notConfined } from '../../verify/kernel/confinement.js';
import { restart } from '../restart/restart-service.js';
import { type Probing, runProbes } from './probes.js';

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

/**
 * Whether the signal of its reload has ended a service: no policy is at fault then.
 * @param run the service before the reload
 */
export async function isKilledByReload(
  system: System,
  one: { readonly unit: string; readonly scope: Scope; readonly run: UnitState },
): Promise<boolean> {
  const signal = reloadSignal(one.run);
  if (signal === undefined) return false;
  const after = await system.unit(one.unit);
  const end = await endOfRun(system, one, after);
  // A service that has ended well may be unloaded, and the journal doesn't have its end.
  if (end === undefined) return after.activeState === 'inactive' && CLEAN_SIGNALS.includes(signal);
  // CLD_KILLED (waitid(2)).
  return end.code === 2 && end.status === signal;
}

export const reloadKills = (unit: string, state: UnitState): Diagnostic =>
  warning(
    'reload-kills',
    `${unit} does not handle signal ${reloadSignal(state)}: its reload ended it, and it was started again`,
    { hint: "'reload = false' in [apply] skips the reload; 'systemctl reload' would also end it" },
  );

/** The signal that kill(1), as the only command of the reload, sends the main process; undefined for others. */
export function reloadSignal(state: UnitState): number | undefined {
  const [command, ...more] = commandsOf(state, 'ExecReload');
  if (command === undefined || more.length > 0 || !command.path.endsWith('/kill')) return undefined;
  const [option, ...rest] = command.argv.slice(1);
  const [name, target] = option === '-s' ? rest : [option?.replace(/^-/, ''), ...rest];
  return option?.startsWith('-') && target === '$MAINPID' ? signalNumber(name ?? '') : undefined;
}
