/** Dependents: other units that a restart of services may stop. */

import { inBatches, shortList } from '../collections.js';
import { ownCommand, systemctl } from '../command-lines.js';
import { type Diagnostic, error, note, UserError, warning } from '../diagnostic.js';
import { type AffectedUnit, askUnit, isTrigger, wantedOf } from '../restart/affected-units.js';
import { ASKED_AT_ONCE } from '../state/service.js';
import { hasJob, isRunning, isWaiting } from '../state/service-run.js';
import { staysStopped, wasStopped } from '../state/stopped.js';
import type { Context } from '../system/context.js';
import { isSkipped } from '../system/unit-state.js';
import { mayHaveRestarted, type UndoRecord } from './undo-record-format.js';

/** The time between two looks at a unit that is being stopped, in milliseconds. */
const PAUSE = 100;

/** The time for which a unit must stay up to count as started again, in milliseconds. */
export const LOOK_AGAIN = 300;

const isBeingStopped = ({ state }: AffectedUnit): boolean => state.activeState === 'deactivating';

/** Asks for a unit after the end of its stop, if it is being stopped. */
async function whenStopped(context: Context, name: string): Promise<AffectedUnit> {
  const first = await askUnit(context.system, name);
  if (!isBeingStopped(first)) return first;
  return context.caller.tellIfLong(`${name}: waiting for its stop …`, async () => {
    for (;;) {
      await context.system.wait(PAUSE);
      const found = await askUnit(context.system, name);
      if (!isBeingStopped(found)) return found;
    }
  });
}

/** Dependents that are up, or will be. The end of a stop shows whether it is one for good, or that of a restart. */
export async function upDependents(context: Context, { affected }: UndoRecord): Promise<string[]> {
  await inBatches(affected, ASKED_AT_ONCE, (name) => whenStopped(context, name));
  return wantedOf(context.system, affected);
}

/** Listens anew to dependents after a restart: a stop that is heard from here on is somebody's. */
export const listenAnew = async ({ system }: Context, { affected }: UndoRecord): Promise<void> => {
  if (affected.length > 0) await system.watch(affected);
};

/** Finds the dependents that are down, and that systemd isn't about to start. */
export async function downDependents(
  context: Context,
  { affected }: Pick<UndoRecord, 'affected'>,
): Promise<readonly AffectedUnit[]> {
  const found = await inBatches(affected, ASKED_AT_ONCE, (name) => whenStopped(context, name));
  return found.filter(({ state }) => !isRunning(state) && !hasJob(state));
}

interface HowLong {
  /** The time for which a dependent must stay up, in milliseconds. */
  readonly settle?: number;
  /** Services that have a trial of their own, which tells what becomes of them. */
  readonly own?: ReadonlySet<string>;
}

/**
 * Starts dependents again that went down with a restart that went well.
 * @returns what is to be said of them; a warning where one can't be started, an error where one doesn't stay up
 */
export async function startDependents(
  context: Context,
  record: UndoRecord,
  { settle = LOOK_AGAIN, own = new Set() }: HowLong = {},
): Promise<Diagnostic[]> {
  if (!mayHaveRestarted(record) || record.affected.length === 0) return [];
  const late = await whenStarted(context, record.affected);
  const found = await downDependents(context, record);
  const areStopped = await inBatches(found, ASKED_AT_ONCE, async ({ name, state }) => {
    // The journal can't tell somebody's stop from that by the restart.
    if ((await context.system.heard(name)) === undefined) return false;
    return wasStopped(context.system, { unit: name, scope: context.placement.scope }, state);
  });
  const names = found.map(({ name }) => name);
  const stopped = names.filter((_, i) => areStopped[i]);
  const down = names.filter((_, i) => !areStopped[i]);
  return [
    ...late.map((unit) => note('still-starting', `${unit} is yet to be started again`)),
    ...stopped.filter((unit) => !own.has(unit)).map(staysStopped),
    ...(down.length > 0 ? await startAll(context, record, down, { settle, own }) : []),
  ];
}

/** Units that one line names. */
const MOST_NAMED = 5;

/** The longest wait for the starts of units, in milliseconds. */
const START_TIMEOUT = 90_000;

const isBeingStarted = ({ state }: AffectedUnit): boolean =>
  hasJob(state) || (state.activeState === 'activating' && !isWaiting(state));

/** Waits for the starts of units. @returns units that are still being started */
async function whenStarted(context: Context, names: readonly string[]): Promise<string[]> {
  const look = () => inBatches(names, ASKED_AT_ONCE, (name) => askUnit(context.system, name));
  let late = (await look()).filter(isBeingStarted);
  if (late.length === 0) return [];
  const said = `${shortList(
    late.map(({ name }) => name),
    MOST_NAMED,
  )}: waiting for the start …`;
  await context.caller.tellIfLong(said, async () => {
    for (let waited = 0; late.length > 0 && waited < START_TIMEOUT; waited += PAUSE) {
      await context.system.wait(PAUSE);
      late = (await look()).filter(isBeingStarted);
    }
  });
  return late.map(({ name }) => name);
}

async function startAll(
  context: Context,
  record: UndoRecord,
  down: readonly string[],
  { settle, own }: Required<HowLong>,
): Promise<Diagnostic[]> {
  const { system, placement } = context;
  const went = (unit: string) => `${unit} went down with the restart of ${record.unit}`;
  const refused = await startEach(context, down);
  const started = down.filter((unit) => !refused.has(unit));
  if (started.length > 0) await system.wait(Math.max(settle, LOOK_AGAIN));
  const look = async () => {
    const found = await inBatches(started, ASKED_AT_ONCE, (unit) => askUnit(context.system, unit));
    return found.filter(({ state }) => !isRunning(state));
  };
  // systemd skips a unit whose condition waits for something that a service makes.
  let stillDown = await look();
  const skipped = stillDown.filter(({ state }) => isSkipped(state));
  if (skipped.length > 0) {
    const names = skipped.map(({ name }) => name);
    for (const [name, why] of await startEach(context, names)) refused.set(name, why);
    await system.wait(LOOK_AGAIN);
    stillDown = await look();
    for (const { name, state } of stillDown) {
      if (isSkipped(state)) refused.set(name, 'its conditions do not hold');
    }
  }
  const again = stillDown.map(({ name }) => name).filter((unit) => !refused.has(unit));
  return [
    ...[...refused]
      .filter(([unit]) => !own.has(unit))
      .map(([unit, why]) =>
        warning('went-down', `${went(unit)}, and can't be started again: ${why}`, {
          hint: systemctl(placement.scope, 'start', unit),
        }),
      ),
    ...started
      .filter((unit) => !again.includes(unit) && !refused.has(unit))
      .map((unit) => note('started-again', `${went(unit)}, and is started again`)),
    ...again
      .filter((unit) => !own.has(unit))
      .map((unit) => dependentFailed(context, record, went(unit), unit)),
  ];
}

function dependentFailed({ placement }: Context, record: UndoRecord, went: string, unit: string): Diagnostic {
  const explain = ownCommand(placement.scope, 'explain', record.unit);
  const hint = `'${explain}' names the calls that were refused; the journal has what ${unit} said`;
  return error('dependent-failed', `${went}, and doesn't stay up with it`, { hint });
}

/** Starts units, triggers first. @returns why, for each unit that systemd refuses to start */
async function startEach(context: Context, units: readonly string[]): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  for (const unit of [...units.filter(isTrigger), ...units.filter((one) => !isTrigger(one))]) {
    const start = () => refusalOf(() => context.system.startUnit(unit));
    const why = await context.caller.tellIfLong(`${unit}: waiting for its start …`, start);
    if (why !== undefined) refused.set(unit, why);
  }
  return refused;
}

/** Tells why systemd refuses a job; the job's own result is left to the unit's state. */
async function refusalOf(job: () => Promise<string>): Promise<string | undefined> {
  try {
    await job();
    return undefined;
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return cause.diagnostics[0]!.message;
  }
}
