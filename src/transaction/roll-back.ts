import { inBatches } from '../collections.js';
import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error, hasErrors } from '../diagnostic.js';
import { hasNameOfDropIn } from '../paths.js';
import { removeUnusedLauncher } from '../prepare/load/launcher-file.js';
import { isTrigger } from '../restart/affected-units.js';
import { staysDown } from '../restart/may-restart.js';
import { restartObstacle } from '../restart/service-obstacles.js';
import { failureOf, failuresOf } from '../state/failures.js';
import { leftAsItRuns } from '../state/notes.js';
import { atRest, hasEnded, isFinished, isSameRun, isUp, type ServiceRun } from '../state/service-run.js';
import { isDead, STAYS_STOPPED, staysStopped, wasStopped } from '../state/stopped.js';
import type { Context } from '../system/context.js';
import { downDependents, LOOK_AGAIN, type Which } from './dependents.js';
import type { HeldSignals } from './held-signals.js';
import { forgetUndo } from './keep-record.js';
import type { FileUndo, Undo } from './undo-record.js';
import { type Stand, standsOf, undoFiles } from './write.js';

/** The way back: files, what the manager has read of them, and services, as they were before a change. */
interface HowBack {
  /** The second that comes ends the waiting for services. */
  readonly signals?: HeldSignals | undefined;
  /** What is to be done besides, before the way back is forgotten. */
  readonly settle?: (undo: Undo) => Promise<readonly Diagnostic[]>;
}

/** How many services are started at a time. */
const BATCH = 8;

/**
 * Puts units back as they were, those aside whose files somebody else has changed.
 * @returns for each unit what is to be said; an error where it isn't as it was
 */
export async function rollBack(
  context: Context,
  undos: readonly Undo[],
  how: HowBack = {},
): Promise<(readonly Diagnostic[])[]> {
  const changed = await inBatches(undos, BATCH, (undo) => isChangedSince(context, undo));
  const own = undos.filter((_, i) => !changed[i]);
  const done = await rollBackUnchanged(context, own, how);
  return inBatches([...undos.entries()], BATCH, async ([i, undo]) => {
    if (!changed[i]) return done[own.indexOf(undo)]!;
    return [changedSince(context, undo.unit), ...(await failureOf(() => forgetUndo(context, undo.unit)))];
  });
}

/** Whether somebody else has changed a file, as far as that can be seen. */
async function isChangedSince({ system }: Context, { files }: Undo): Promise<boolean> {
  let stands: readonly Stand[] = [];
  await failureOf(async () => {
    stands = await standsOf(system, files);
  });
  return stands.includes('other');
}

export function changedSince({ placement }: Context, unit: string): Diagnostic {
  const message = `somebody has changed the files of ${unit} since a run began to: they are left as they are`;
  const hint = `'${ownCommand(placement.scope, 'apply', unit)}', or revert`;
  return error('changed-since', message, { hint });
}

/**
 * Puts files back that nobody else has changed, reloads, and starts services as they were; goes on whatever fails on the
 * way. What the loaded drop-in needs goes only when the manager has read the one before it.
 */
export async function rollBackUnchanged(
  context: Context,
  undos: readonly Undo[],
  how: HowBack,
): Promise<(readonly Diagnostic[])[]> {
  if (undos.length === 0) return [];
  const undone: (readonly Diagnostic[])[] = [];
  for (const { files } of undos) undone.push(await failureOf(() => undoDropIn(context, files)));
  const reloaded = await failureOf(() => context.system.reload());
  for (const [i, undo] of undos.entries()) {
    if (reloaded.length > 0 || undone[i]!.length > 0) continue;
    undone[i] = await failureOf(() => undoRest(context, undo));
  }
  return inBatches([...undos.entries()], BATCH, async ([i, undo]) => {
    const again = await failuresOf(() => startAgain(context, undo, how));
    const settled = how.settle ? await failuresOf(() => how.settle!(undo)) : [];
    const isBack = undone[i]!.length + reloaded.length === 0;
    const kept = isBack ? await failureOf(() => forgetUndo(context, undo.unit)) : [];
    return [...undone[i]!, ...reloaded, ...again, ...settled, ...kept];
  });
}

/** Whether what is said of a way back is no failure of it. */
export const isAsWanted = ({ code }: Diagnostic): boolean => code === STAYS_STOPPED;

/** Undoes what was written and has not been loaded; says what fails. */
export const undo = (
  context: Context,
  way: Pick<Undo, 'unit' | 'files' | 'launcher'>,
): Promise<readonly Diagnostic[]> =>
  failureOf(async () => {
    await undoDropIn(context, way.files);
    await undoRest(context, way);
    await forgetUndo(context, way.unit);
  });

/** A file that the drop-in of ours needs, and the one before it doesn't. */
const isNeeded = ({ before, path }: FileUndo): boolean => before === undefined && !hasNameOfDropIn(path);

const undoDropIn = ({ system }: Context, files: readonly FileUndo[]): Promise<void> =>
  undoFiles(
    system,
    files.filter((file) => !isNeeded(file)),
  );

async function undoRest(
  context: Context,
  { files, launcher }: Pick<Undo, 'files' | 'launcher'>,
): Promise<void> {
  await undoFiles(context.system, files.filter(isNeeded));
  if (launcher) await removeUnusedLauncher(context);
}

/** What was never restarted runs on as it did, and what nobody took along stays as others have left it. */
async function startAgain(context: Context, undo: Undo, how: HowBack): Promise<readonly Diagnostic[]> {
  const found = await inBatches(undo.runs, BATCH, (run) => standOf(context, undo, run, how));
  const those = (is: 'due' | 'start') => undo.runs.filter((_, i) => found[i] === is).map(({ unit }) => unit);
  const due = [...those('due'), ...those('start')];
  const kept = found.filter((one) => typeof one === 'object');
  if (due.length === 0 && !(undo.starts && undo.restarted)) return kept;
  const fell = (which: Which) => {
    const look = () => downDependents(context, undo, which);
    return how.signals ? how.signals.unlessAgain(look) : look();
  };
  // What the restarts below stop can't be told from what somebody stops.
  const before = await fell({ holds: await haveHeld(context, undo) });
  const { system } = context;
  const started = async (units: readonly string[], start: Start) =>
    (await inBatches(units, BATCH, (unit) => startOne(context, unit, start, how))).flat();
  const starting: Start = (unit) => system.startUnit(unit);
  // A socket hands itself to its service only when that is started after it, and fails where that was started too often.
  const all = [
    ...(await started(before.down.filter(isTrigger), (unit) => system.startUnit(unit, due))),
    ...(await started(those('due'), (unit) => system.restart(unit))),
    ...(await started(those('start'), starting)),
  ];
  // What waits for a service is started with it by now.
  const others = await fell({ are: (unit) => !isTrigger(unit) && !before.stopped.includes(unit) });
  all.push(...(await started(others.down, starting)));
  const stay = [...before.stopped, ...others.stopped].map(staysStopped);
  return [...kept, ...stay, ...all, ...(hasErrors(all) ? [] : await lookAgain(context, due))];
}

/** Whether all services have been up since their restart, as far as was heard. */
async function haveHeld({ system }: Context, { runs, affected: along }: Undo): Promise<boolean> {
  if (runs.length === 0 || along.length === 0) return false;
  let held = [false];
  await failureOf(async () => {
    held = await inBatches(runs, BATCH, async ({ unit }) => {
      const [heard, properties] = await Promise.all([system.heard(unit), system.unit(unit)]);
      return heard?.failed === false && isUp(properties) && Number(properties.get('NRestarts')) === 0;
    });
  });
  return !held.includes(false);
}

/** @returns the result of the job */
type Start = (unit: string) => Promise<string>;

/** Whether a service must be started again; if it can't be, what is to be said. */
async function standOf(
  context: Context,
  { restarted }: Undo,
  run: ServiceRun,
  { signals }: HowBack,
): Promise<'due' | 'start' | 'stays' | Diagnostic> {
  const { system, caller, placement } = context;
  let stand: 'due' | 'start' | 'stays' | Diagnostic = 'due';
  // Where that can't be told, one restart too many does less harm than a service that is down.
  await failureOf(async () => {
    const seen = () =>
      caller.tellIfLong(`${run.unit}: waiting for the end of its job …`, () => atRest(system, run.unit));
    const properties = await (signals ? signals.unlessAgain(seen) : seen());
    if (isSameRun(run, properties)) stand = 'stays';
    // Somebody else has stopped it, or it has itself.
    else if (!restarted && hasEnded(run, properties)) stand = 'stays';
    else if (await wasStopped(system, { unit: run.unit, scope: placement.scope }, properties))
      stand = staysStopped(run.unit);
    else if (isDead(properties)) stand = properties.get('RefuseManualStop') === true ? 'start' : 'due';
    else {
      const obstacle = restartObstacle(properties) ?? (await staysDown(context, properties));
      if (obstacle !== undefined) stand = leftAsItRuns(run.unit, obstacle);
    }
  });
  return stand;
}

async function startOne(
  { caller }: Context,
  unit: string,
  start: Start,
  { signals }: HowBack,
): Promise<readonly Diagnostic[]> {
  return failuresOf(async () => {
    const started = () => start(unit);
    const way = signals ? '; a second interrupt ends the waiting' : '';
    const result = await caller.tellIfLong(`${unit}: waiting for its start as it was${way} …`, () =>
      signals ? signals.unlessAgain(started) : started(),
    );
    return result === 'done' ? [] : [isDown(unit, `'${result}'`)];
  });
}

/** A start counts as done when the program is started, not when it has shown that it stays. */
async function lookAgain({ system }: Context, units: readonly string[]): Promise<readonly Diagnostic[]> {
  await system.wait(LOOK_AGAIN);
  const found = await inBatches(units, BATCH, async (unit) => {
    const properties = await system.unit(unit);
    const isWell = isUp(properties) || isFinished(properties);
    return isWell ? [] : [isDown(unit, String(properties.get('ActiveState')))];
  });
  return found.flat();
}

const isDown = (unit: string, how: string): Diagnostic =>
  error('service-down', `${unit} doesn't start as it was either: ${how}`);
