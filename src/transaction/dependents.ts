/** Dependents: other units that a restart of services may stop. */

import { inBatches, shortList } from '../collections.js';
import { ownCommand, systemctl } from '../command-lines.js';
import { type Diagnostic, error, note, UserError, warning } from '../diagnostic.js';
import {
  type AffectedUnit,
  askUnit,
  isTrigger,
  NEEDS,
  namesIn,
  OPPONENTS,
} from '../restart/affected-units.js';
import { ASKED_AT_ONCE } from '../state/service.js';
import { hasJob, isRunning, isWaiting } from '../state/service-run.js';
import { staysStopped, wasStopped } from '../state/stopped.js';
import type { Context } from '../system/context.js';
import { isSkipped, type UnitLink } from '../system/unit-state.js';
import { type UndoRecord, wasRestarted } from './record-format.js';

/** Links by which systemd stops a unit along with another; such a stop can't be told from an administrator's. */
const TIES: readonly UnitLink[] = ['bindsTo', 'stopPropagatedFrom', ...OPPONENTS];

/** The ties that stop a unit at a restart that goes well, too. */
const TIES_OF_RESTART: readonly UnitLink[] = ['stopPropagatedFrom', ...OPPONENTS];

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

/** The closure of units over some links: also the units that name one of them, and so on. */
function withDependents(
  names: Iterable<string>,
  along: readonly AffectedUnit[],
  links: readonly UnitLink[],
): Set<string> {
  const found = new Set(names);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const { name, state } of along) {
      if (namesIn(state, links).some((other) => found.has(other))) found.add(name);
    }
  }
  return found;
}

/** Dependents that systemd itself may stop for units, or for what goes down with these. */
function tiedTo(
  names: readonly string[],
  along: readonly AffectedUnit[],
  ties: readonly UnitLink[],
): Set<string> {
  const links = [...NEEDS, ...OPPONENTS];
  const all = withDependents(names, along, links);
  const tied = along.filter(({ state }) => namesIn(state, ties).some((name) => all.has(name)));
  return withDependents(
    tied.map(({ name }) => name),
    along,
    links,
  );
}

/**
 * Listens anew to dependents that the restart of services may itself have stopped: a stop that is heard from here on is
 * somebody's.
 */
export async function watchTied(
  context: Context,
  record: UndoRecord,
  services: readonly string[],
): Promise<void> {
  if (record.affected.length === 0) return;
  const found = await inBatches(record.affected, ASKED_AT_ONCE, (name) => askUnit(context.system, name));
  const tied = tiedTo(services, found, TIES_OF_RESTART);
  const names = record.affected.filter((name) => tied.has(name));
  if (names.length > 0) await context.system.watch(names);
}

interface DownDependents {
  /** Units that went down with the restart. */
  readonly down: readonly string[];
  /** Units that somebody has stopped. */
  readonly stopped: readonly string[];
}

export interface Which {
  /** Whether the services have stayed up since, so that systemd has stopped no dependent for them. */
  readonly holds?: boolean;
  /** Selects dependents. */
  readonly are?: (unit: string) => boolean;
}

/** Finds the dependents that are down, and that systemd isn't about to start. */
export async function downDependents(
  context: Context,
  { unit, runs, affected: along }: UndoRecord,
  { holds = false, are = () => true }: Which = {},
): Promise<DownDependents> {
  const found = await inBatches(along, ASKED_AT_ONCE, (name) =>
    are(name) ? whenStopped(context, name) : askUnit(context.system, name),
  );
  const dead = found.filter(({ name, state }) => are(name) && !isRunning(state) && !hasJob(state));
  const names = [unit, ...runs.map((run) => run.unit)];
  const tied = holds ? new Set<string>() : tiedTo(names, found, TIES);
  const stopped = await inBatches(dead, ASKED_AT_ONCE, async ({ name, state }) => {
    const one = { unit: name, scope: context.placement.scope };
    // An unloaded unit can't be asked, and a skipped start is no stop.
    const isKnown = state.loadState === 'loaded' && !isSkipped(state) && !tied.has(name);
    return isKnown && wasStopped(context.system, one, state);
  });
  const named = (is: boolean) => dead.flatMap(({ name }, i) => (stopped[i] === is ? [name] : []));
  return { down: named(false), stopped: named(true) };
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
  if (!wasRestarted(record) || record.affected.length === 0) return [];
  const late = await whenStarted(context, record.affected);
  const { down, stopped } = await downDependents(context, record, { holds: true });
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
  const hint = `'${explain}' says what that was refused; the journal what ${unit} said`;
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
