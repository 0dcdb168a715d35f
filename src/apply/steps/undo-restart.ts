import { inBatches, mostAtOnce } from '../../collections.js';
import { type Diagnostic, error, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { HeldSignals } from '../../machine/held-signals.js';
import { failuresOf } from '../../machine/state/failures.js';
import { leftAsItRuns } from '../../machine/state/notes.js';
import { servicesOf } from '../../machine/state/service.js';
import {
  atRest,
  hasEnded,
  isFinished,
  isRunning,
  isSameRun,
  isUp,
  type ServiceRun,
} from '../../machine/state/service-run.js';
import { STAYS_STOPPED, staysStopped, wasStopped } from '../../machine/state/stopped.js';
import { isDown } from '../../machine/unit-state.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { LOOK_AGAIN } from '../dependents.js';
import { isTrigger } from '../restart/affected-units.js';
import { atWork, restartObstacle, staysDown } from '../restart/may-restart.js';
import { CHANGED_AT_ONCE } from '../restart-order.js';
import type { Undo } from '../runner.js';
import { mayHaveRestarted, type UndoRecord } from '../undo-record.js';
import { UNDER_WAY, waitFor } from '../wait-for.js';

/** Options of bringing services back. */
export interface UndoOptions {
  /** The second signal ends the waiting for services; without signals its end is LONGEST. */
  readonly signals?: HeldSignals | undefined;
}

/** How long a job is waited for where no signal ends the waiting, in milliseconds: systemd goes on with it. */
const LONGEST = 120_000;

/** Brings services back to how they were, with the files that systemd has read again. */
export const restartAsBefore =
  (context: Context, how: UndoOptions): Undo<UndoRecord> =>
  (records) =>
    mostAtOnce(records, CHANGED_AT_ONCE, async (record) => [
      ...(await failuresOf(() => startAgain(context, record, how))),
      ...(await failuresOf(() => endOthers(context, record, how))),
    ]);

/** Restarts or stops services that didn't run before and do now: they were started with files that are gone. */
async function endOthers(
  context: Context,
  record: UndoRecord,
  how: UndoOptions,
): Promise<readonly Diagnostic[]> {
  const ran = new Set(record.runs.map(({ unit }) => unit));
  const services = await servicesOf(context, serviceName(record.unit));
  const started = services.filter(({ name, state }) => !ran.has(name) && isRunning(state));
  const ended = await inBatches(started, CHANGED_AT_ONCE, async ({ name, state }) => {
    if (record.starts && mayHaveRestarted(record)) return stopAgain(context, name, how);
    const obstacle = atWork(state) ?? restartObstacle(state);
    if (obstacle !== undefined) return [leftAsItRuns(name, obstacle)];
    return startOne(context, name, (unit) => context.system.restart(unit), how);
  });
  return ended.flat();
}

/** Stops a service that the change itself has started. */
async function stopAgain(context: Context, unit: string, how: UndoOptions): Promise<readonly Diagnostic[]> {
  return failuresOf(async () => {
    const job = () => context.system.stopUnit(unit);
    const result = await waitBack(context, how, unit, 'its stop', job);
    return result === 'done'
      ? []
      : [error('not-stopped', `${unit} can't be stopped again: its job ended with '${result}'`)];
  });
}

/** Restarts services whose run has changed, and starts the other units of the record that are down. */
async function startAgain(
  context: Context,
  record: UndoRecord,
  how: UndoOptions,
): Promise<readonly Diagnostic[]> {
  const decisions = await inBatches(record.runs, CHANGED_AT_ONCE, (run) => decide(context, record, run, how));
  const those = (is: 'due' | 'start') =>
    record.runs.filter((_, i) => decisions[i] === is).map(({ unit }) => unit);
  const due = [...those('due'), ...those('start')];
  const kept = decisions.filter((one) => typeof one === 'object');
  if (due.length === 0 && !(record.starts && mayHaveRestarted(record))) return kept;
  const { system } = context;
  const each = async (units: readonly string[], start: StartJob) =>
    (await inBatches(units, CHANGED_AT_ONCE, (unit) => startOne(context, unit, start, how))).flat();
  const starting: StartJob = (unit) => system.startUnit(unit, due);
  const unlessUp: StartJob = async (unit) => (isUp(await system.anyUnit(unit)) ? 'done' : starting(unit));
  // The start of a unit that needs a stopped service would start that, too.
  const others = kept.some(({ code }) => code === STAYS_STOPPED) ? [] : record.affected;
  // A socket hands itself only to a service that is started after it, and fails where that was started too often.
  const said = [
    ...(await each(others.filter(isTrigger), unlessUp)),
    ...(await each(those('due'), (unit) => system.restart(unit))),
    ...(await each(those('start'), starting)),
    ...(await each(
      others.filter((unit) => !isTrigger(unit)),
      unlessUp,
    )),
  ];
  return [...kept, ...said, ...(said.length > 0 ? [] : await lookAgain(context, due))];
}

/** @returns the result of the job */
type StartJob = (unit: string) => Promise<string>;

/** Whether a service is to be restarted, is to be started, or stays; a diagnostic says why it can't be as it was. */
type UndoDecision = 'due' | 'start' | 'stays' | Diagnostic;

/** Tells how a service decisions beside its run in the record. */
async function decide(
  context: Context,
  record: UndoRecord,
  run: ServiceRun,
  how: UndoOptions,
): Promise<UndoDecision> {
  const { system, placement } = context;
  const job = () => atRest(system, run.unit);
  const decision = async (): Promise<UndoDecision> => {
    const state = await waitBack(context, how, run.unit, 'the end of its job', job);
    if (isSameRun(run, state)) return 'stays';
    // It was stopped, or has ended by itself.
    if (!mayHaveRestarted(record) && hasEnded(run, state)) return 'stays';
    const wasAsked = await wasStopped(system, { unit: run.unit, scope: placement.scope }, state);
    if (wasAsked) return staysStopped(run.unit);
    if (isDown(state)) return state.refuseManualStop ? 'start' : 'due';
    const obstacle = restartObstacle(state) ?? (await staysDown(context, state));
    return obstacle === undefined ? 'due' : leftAsItRuns(run.unit, obstacle);
  };
  try {
    return await decision();
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    // An administrator may be stopping it: a restart would take the place of that job.
    const underWay = cause.diagnostics.find(({ code }) => code === UNDER_WAY);
    // Where that is unknown, one restart too many does less harm than a service that is down.
    return underWay ?? 'due';
  }
}

/** Waits for a job, until the second signal comes. @throws UserError `interrupted`, or `still-under-way` where it takes too long */
const waitBack = <T>(
  context: Context,
  { signals }: UndoOptions,
  unit: string,
  what: string,
  job: () => Promise<T>,
): Promise<T> =>
  signals
    ? waitFor(context, unit, `${unit}: waiting for ${what}; a second Ctrl-C stops waiting …`, () =>
        signals.unlessAgain(job),
      )
    : waitFor(context, unit, `${unit}: waiting for ${what} …`, job, LONGEST);

async function startOne(
  context: Context,
  unit: string,
  start: StartJob,
  how: UndoOptions,
): Promise<readonly Diagnostic[]> {
  return failuresOf(async () => {
    const result = await waitBack(context, how, unit, 'its start', () => start(unit));
    return result === 'done' ? [] : [serviceDown(unit, `'${result}'`)];
  });
}

/** Errors about services that don't stay up: systemd's start job is done as soon as the program is started. */
async function lookAgain({ system }: Context, units: readonly string[]): Promise<readonly Diagnostic[]> {
  await system.wait(LOOK_AGAIN);
  const found = await inBatches(units, CHANGED_AT_ONCE, async (unit) => {
    const state = await system.unit(unit);
    const isWell = isUp(state) || isFinished(state);
    return isWell ? [] : [serviceDown(unit, state.activeState)];
  });
  return found.flat();
}

const serviceDown = (unit: string, how: string): Diagnostic =>
  error('service-down', `${unit} did not come up again after the roll-back: ${how}`);
