import { systemctl } from '../command-lines.js';
import { type Diagnostic, error, note } from '../diagnostic.js';
import type { Plan } from '../plan/plan.js';
import { type FailedUnit, failed, invocationOf } from '../state/failure.js';
import { isDead, stoppedMeanwhile, wasStopped } from '../state/stopped.js';
import { triggered } from '../state/triggered.js';
import type { System, UnitProperties } from '../system/system.js';
import { awaitPrograms, notConfined } from '../verify/kernel/confinement.js';

/** What a service must stand after its start. */
export interface Trial {
  readonly plan: Plan;
  /** How long it must stay up, in milliseconds. */
  readonly settle: number;
  /** A command that must succeed then. */
  readonly probe: readonly string[] | undefined;
}

/** How long a probe may take, in milliseconds. */
const PROBE_TIMEOUT = 60_000;

/** States of a service that is up; one of them may be reloaded by anybody at any time. */
const UP = ['active', 'reloading', 'refreshing'];

export const isUp = (properties: UnitProperties): boolean =>
  UP.includes(String(properties.get('ActiveState')));

/** Whether the service runs, so that a restart is due. */
export const isRunning = (properties: UnitProperties): boolean =>
  isUp(properties) || properties.get('ActiveState') === 'activating';

type Scope = Plan['target']['scope'];

/**
 * Restarts a service that runs; not one that somebody has stopped by now. Says why it doesn't run then, unless it is one
 * that has done its work.
 * @param starts it is to be started, where it doesn't run
 */
export async function restart(
  system: System,
  one: Omit<FailedUnit, 'run'>,
  { starts = false } = {},
): Promise<Diagnostic[]> {
  const { unit } = one;
  const before = await system.unit(unit);
  if (!starts && !isRunning(before)) {
    if (await wasStopped(system, one, before)) return [stoppedMeanwhile(unit)];
    return [await failed(system, one, `${unit} went down before its restart`)];
  }
  // One that is being started isn't up: that it is to be restarted would be forgotten.
  const result = await system.restart(unit, isUp(before) ? 'if-up' : undefined);
  if (result === 'canceled') {
    // Somebody else has asked for something else: what comes of that is what there is.
    const properties = await atRest(system, unit);
    if (isUp(properties)) return [];
    if (await wasStopped(system, one, properties)) return [stoppedMeanwhile(unit)];
  }
  if (result !== 'done') {
    return [await failed(system, one, `the restart of ${unit} ended with '${result}'`)];
  }
  const started = await system.unit(unit);
  if (isFinished(started) || isUp(started)) return [];
  if (!starts && (await endedBefore(system, one, before, started))) return [stoppedMeanwhile(unit)];
  return [await failed(system, one, `${unit} is ${started.get('ActiveState')} after the restart`)];
}

/** Whether a service was stopped before its restart, which did nothing then. */
async function endedBefore(
  system: System,
  one: Pick<FailedUnit, 'unit' | 'scope'>,
  before: UnitProperties,
  after: UnitProperties,
): Promise<boolean> {
  const run = runOf(one.unit, before);
  if (!hasEnded(run, after)) return false;
  // One that is unloaded may have been started, and have ended by itself.
  return runOf(one.unit, after).invocation === run.invocation || wasStopped(system, one, after);
}

/** Sees that a service that was restarted stays up, is confined and answers. Says why not. */
export async function tryOut(system: System, { plan, settle, probe }: Trial): Promise<Diagnostic[]> {
  const { unit } = plan;
  const one = { unit, scope: plan.target.scope, plan };
  for (let left = MOST_RESTARTS; ; left--) {
    const started = await system.unit(unit);
    if (isFinished(started)) return [];
    await awaitPrograms(system, plan);
    await system.wait(settle, async () => isOver(await system.unit(unit)));
    const settled = await system.unit(unit);
    if (left > 0 && (await wasRestarted(system, unit, started, settled))) continue;
    const hasStayed = isUp(settled) || isFinished(settled);
    if (!hasStayed || !isSameRun(runOf(unit, started), settled)) {
      if (await wasStopped(system, one, settled)) return [stoppedMeanwhile(unit)];
      return [await failed(system, { ...one, run: started }, `${unit} did not stay up`)];
    }
    const open = await notConfined(system, plan, settled);
    return open.length > 0 || !probe ? open : runProbe(system, plan, probe);
  }
}

/** Whether a service has failed, so that no time is to be lost; what somebody has asked for is yet to be seen. */
const isOver = (properties: UnitProperties): boolean =>
  (hasFailed(properties) || isWaiting(properties)) && !hasJob(properties);

/** How often somebody else may restart a service while it is tried. */
const MOST_RESTARTS = 5;

/**
 * Whether a service runs anew without having failed. By Restart= it comes back with one restart more; sockets, timers, the
 * bus and other units start it again without that.
 */
async function wasRestarted(
  system: System,
  unit: string,
  before: UnitProperties,
  after: UnitProperties,
): Promise<boolean> {
  const isAnew = isUp(after) && !isSameRun(runOf(unit, before), after);
  if (!isAnew || before.get('NRestarts') !== after.get('NRestarts')) return false;
  return !(await system.heard(unit))?.failed;
}

/** A oneshot service that has done its work, and was not skipped. */
export const isFinished = (properties: UnitProperties) =>
  properties.get('Type') === 'oneshot' &&
  properties.get('RemainAfterExit') === false &&
  properties.get('ConditionResult') === true &&
  properties.get('ActiveState') === 'inactive' &&
  properties.get('Result') === 'success';

/** What tells one run of a service from others. */
export interface ServiceRun {
  /** The service's name. */
  readonly unit: string;
  /** In hex. */
  readonly invocation: string;
}

/** The run that a service is in, or was in last. */
export const runOf = (unit: string, properties: UnitProperties): ServiceRun => ({
  unit,
  invocation: invocationOf(properties),
});

/** The run that a service is in; undefined where it doesn't run. */
export const currentRun = (unit: string, properties: UnitProperties): ServiceRun | undefined =>
  isRunning(properties) ? runOf(unit, properties) : undefined;

/** Whether a service has run on from one look to the next, without a start in between. */
export function isSameRun(before: ServiceRun, after: UnitProperties): boolean {
  const isThere = !isDead(after) || isFinished(after);
  return isThere && before.invocation === runOf(before.unit, after).invocation;
}

/** Whether a service has ended without having been started again. One that nothing holds is unloaded, with all it had. */
export function hasEnded(before: ServiceRun, after: UnitProperties): boolean {
  const { invocation } = runOf(before.unit, after);
  return isDead(after) && (before.invocation === invocation || invocation === '');
}

/** Whether somebody else is about to stop or restart a service: what becomes of it is yet to be seen. */
export const isUnderWay = (properties: UnitProperties): boolean =>
  properties.get('ActiveState') === 'deactivating' || (isDead(properties) && hasJob(properties));

/** How long is waited from one look to the next at a service that somebody else stops, in milliseconds. */
const PAUSE = 100;

/** A service whose stop or restart somebody has asked for, when that is over. */
export async function atRest(system: System, unit: string): Promise<UnitProperties> {
  for (;;) {
    const properties = await system.unit(unit);
    if (!isUnderWay(properties)) return properties;
    await system.wait(PAUSE);
  }
}

/** Whether the manager is about to start or stop a unit. */
export const hasJob = (properties: UnitProperties): boolean => {
  const [id = 0] = (properties.get('Job') ?? []) as readonly unknown[];
  return id !== 0;
};

async function runProbe(system: System, plan: Plan, argv: readonly string[]): Promise<Diagnostic[]> {
  const { status, stderr, late, unstartable } = await system.run(argv, { timeout: PROBE_TIMEOUT });
  if (status === 0) return [];
  if (unstartable) {
    const hint = "'probe' in [apply] is a program's path, or its name, and its arguments; no shell reads it";
    return [error('service-failed', `the probe '${argv[0]}' can't be run: ${stderr}`, { hint })];
  }
  const [line = ''] = stderr.trim().split('\n').slice(-1);
  const end = late ? `did not end within ${PROBE_TIMEOUT / 1000} s` : `ended with status ${status}`;
  const said = line === '' ? '' : `: ${line}`;
  const one = { unit: plan.unit, scope: plan.target.scope, plan };
  const properties = await system.unit(plan.unit);
  if (await wasStopped(system, one, properties)) return [stoppedMeanwhile(plan.unit)];
  return [await failed(system, one, `the probe '${argv.join(' ')}' ${end}${said}`)];
}

/** The services that carry the bus: the connection to the manager would end with them, and others' too. */
const BUSES: ReadonlySet<string> = new Set(['dbus.service', 'dbus-broker.service']);

/** What speaks against the restart of a oneshot service that hasn't ended; its work would be done by halves, and again. */
export function atWork(properties: UnitProperties): string | undefined {
  const isActivating = properties.get('Type') === 'oneshot' && properties.get('ActiveState') === 'activating';
  return isActivating && !isWaiting(properties) ? 'it is in the middle of its work' : undefined;
}

/** Whether it has failed and waits for its next start (Restart=), and does nothing. */
export const isWaiting = (properties: UnitProperties): boolean =>
  String(properties.get('SubState')).startsWith('auto-restart');

/** Why a service that runs must not be restarted, and the way out; undefined where it may be. */
export function restartObstacle(properties: UnitProperties): string | undefined {
  if (BUSES.has(String(properties.get('Id')))) return 'every client of the bus would lose it: reboot';
  const more = endsMore(properties);
  if (more !== undefined) return more;
  const refusal = ['RefuseManualStart', 'RefuseManualStop'].find((name) => properties.get(name) === true);
  return refusal && `${refusal}=yes: restart it by its own means, or reboot`;
}

/** What the stop of a unit ends besides it. */
export function endsMore(properties: UnitProperties): string | undefined {
  const action = properties.get('SuccessAction') ?? 'none';
  const line = action === 'none' ? triggered(properties, 'OnSuccess').endsMore : `SuccessAction=${action}`;
  return line && `${line}: to stop it would do that`;
}

/** @param obstacle why it isn't restarted, if not since nobody wants it */
export const restartDue = (unit: string, obstacle?: string) =>
  note('restart-due', `${unit} runs as it was before; the policy takes effect at its next start`, {
    hint: obstacle,
  });

export const leftAsItRuns = (unit: string, obstacle?: string) =>
  note('restart-due', `${unit} isn't restarted: what it was started with holds until its next start`, {
    hint: obstacle,
  });

export const notRunning = (unit: string) =>
  note('not-running', `${unit} isn't running: the policy takes effect at its next start`);

/** Of a service that was down before, and that nobody starts. */
export const downAlready = (unit: string, scope: Scope, properties: UnitProperties) =>
  note('not-running', `${unit} has failed, and isn't started: the policy takes effect at its next start`, {
    hint: startCommand(unit, scope, properties),
  });

/** The same of one that has nothing of ours any more. */
export const staysFailed = (unit: string, scope: Scope, properties: UnitProperties) =>
  note('not-running', `${unit} has failed, and isn't started`, {
    hint: startCommand(unit, scope, properties),
  });

/** What starts a service that has failed, be it that it was started too often. */
export const startCommand = (unit: string, scope: Scope, properties: UnitProperties): string => {
  const start = systemctl(scope, 'start', unit);
  const isLimited = properties.get('Result') === 'start-limit-hit';
  return isLimited ? `${systemctl(scope, 'reset-failed', unit)} && ${start}` : start;
};

export const hasFailed = (properties: UnitProperties): boolean => properties.get('ActiveState') === 'failed';

export const noRestartNeeded = (unit: string) =>
  note('no-restart', `${unit} needs no restart: only comments have changed`);
