import { isRunning, type ServiceRun } from '../apply/activate.js';
import { changesOf, type Undo } from '../apply/undo.js';
import { inBatches } from '../collections.js';
import { type Diagnostic, EXIT, error, note, UserError, warning } from '../diagnostic.js';
import { installedLauncher, isRuntimePath, isTemporaryName, lockPath, undoFolder } from '../emit/paths.js';
import { ownCommand } from '../plan/own-command.js';
import type { Context } from '../system/context.js';
import { putBack } from './bring-into-force.js';
import { failuresOf } from './failures.js';
import { serviceName } from './load-unit.js';
import { assertMayChange } from './needs-root.js';
import type { Outcome } from './outcome.js';
import { ASKED_AT_ONCE, servicesOf } from './services.js';
import { stopUnit } from './stop-unit.js';
import { bootId, readUndos, unfinishedUnits } from './undo-files.js';
import type { UnitResult } from './unit-result.js';

/** How long another run may take, in seconds. */
const LONGEST_WAIT = 900;

/**
 * What a verb does that changes units, by whoever may; where it changes nothing that runs, nobody else is in the way.
 * @throws UserError `needs-root`, and as exclusively()
 */
export function changing(
  context: Context,
  options: { readonly check?: boolean },
  change: () => Promise<Outcome>,
): Promise<Outcome> {
  assertMayChange(context, options);
  return options.check || context.offline ? change() : exclusively(context, change);
}

/**
 * Changes units while nobody else does, after what a run that was ended has left half done is put back.
 * @throws UserError `locked`, `no-lock`, and what keeps a unit from being put back
 */
function exclusively(context: Context, change: () => Promise<Outcome>): Promise<Outcome> {
  return whileLocked(context, async () => {
    const found = await putBackUnfinished(context);
    const outcome = await change();
    return { ...outcome, diagnostics: [...found, ...outcome.diagnostics] };
  });
}

/**
 * Does something that others who change units must not come in between of.
 * @throws UserError `locked`, `no-lock`
 */
export async function whileLocked<T>(context: Context, step: () => Promise<T>): Promise<T> {
  const letGo = await lock(context);
  try {
    return await step();
  } finally {
    letGo();
  }
}

async function lock({ system, placement, caller }: Context): Promise<() => void> {
  const path = lockPath(placement);
  const letGo = await system.lock(path, 0);
  if (letGo) return letGo;
  caller.tell('Another sandbox-unit is changing units: waiting for its end …');
  const later = await system.lock(path, LONGEST_WAIT);
  if (later) return later;
  const hint = `who has ${path} open? fuser(1) tells`;
  const message = `another sandbox-unit has been changing units for ${LONGEST_WAIT / 60} minutes`;
  throw new UserError(error('locked', message, { hint }), EXIT.failure);
}

/**
 * Puts back what was left half done, where that can be seen and done; says what there is, and what can't be. For who
 * changes nothing else.
 */
export async function putBackIfFree(context: Context): Promise<Pick<Outcome, 'exit' | 'diagnostics'>> {
  try {
    return { exit: EXIT.ok, diagnostics: await putBackWhereFree(context) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { exit: cause.exit, diagnostics: cause.diagnostics };
  }
}

async function putBackWhereFree(context: Context): Promise<readonly Diagnostic[]> {
  const { system, placement, superuser, offline } = context;
  if (offline) return [];
  const units = await unfinishedUnits(context);
  if (units.length === 0 && (await filesOnTheirWay(context, ownFolders(context))).length === 0) return [];
  if (!superuser && placement.scope === 'system') return units.map((unit) => leftHalfDone(context, unit));
  const letGo = await system.lock(lockPath(placement), 0);
  if (!letGo) return [note('busy', `another sandbox-unit is changing ${units.join(', ') || 'units'}`)];
  try {
    return await putBackUnfinished(context);
  } finally {
    letGo();
  }
}

const leftHalfDone = ({ placement }: Context, unit: string): Diagnostic =>
  warning('half-done', `${unit} is being changed, or was left half changed by a run that was ended`, {
    hint: `as root '${ownCommand(placement.scope, 'status', unit)}' puts it back as it was`,
  });

/**
 * Puts units back that a run has left half changed. Whoever calls it has the lock.
 * @throws UserError where files of one can't be put back: what is to be done next could make it worse
 */
async function putBackUnfinished(context: Context): Promise<readonly Diagnostic[]> {
  const { system } = context;
  const undos = await readUndos(context, await unfinishedUnits(context));
  const changed = undos.flatMap(({ files }) => files.map(({ path }) => folderOf(path)));
  const left = await filesOnTheirWay(context, [...ownFolders(context), ...new Set(changed)]);
  for (const path of left) await system.remove(path);
  if (undos.length === 0) return [];
  const boot = await bootId(context);
  const results = await Promise.all(undos.map((undo) => unfinished(context, undo, boot)));
  const back = await putBack(
    context,
    results.map((result) => ({ result, failures: [] })),
  );
  const found = back.flatMap(({ unit, state, diagnostics }) => [
    state === 'failed'
      ? warning('half-done', `${unit} was left half changed by a run that was ended, and can't be put back`)
      : warning('put-back', `a run was ended while it changed ${unit}, which is put back as it was before`),
    ...diagnostics,
  ]);
  if ((await unfinishedUnits(context)).length > 0) throw new UserError(found, EXIT.failure);
  for (const undo of undos) found.push(...(await settle(context, undo, boot)));
  return found;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** Where files are written that belong to no unit alone. */
const ownFolders = ({ placement }: Context): string[] => [
  undoFolder(placement),
  folderOf(installedLauncher(placement)),
];

/** Files that were never put in their places. */
async function filesOnTheirWay({ system }: Context, folders: readonly string[]): Promise<string[]> {
  const names = async (folder: string) => (await system.list(folder)).filter(isTemporaryName);
  const found = folders.map(async (folder) => (await names(folder)).map((name) => `${folder}/${name}`));
  return (await Promise.all(found)).flat();
}

/** What was changed in a unit. Since another boot it runs as the boot has it, without what is gone with the boot before. */
async function unfinished(context: Context, undo: Undo, boot: string): Promise<UnitResult> {
  const { system, placement } = context;
  const { unit, runs } = undo;
  const result = { unit, state: 'applied', diagnostics: [] } as const;
  if (undo.boot === boot) return { ...result, changes: changesOf(undo), before: runs };
  const kept = undo.files.filter(({ path }) => !isRuntimePath(placement, path));
  const wanted = await inBatches(runs, ASKED_AT_ONCE, async (run) =>
    (await isWanted(system, run)) ? [run] : [],
  );
  return { ...result, changes: changesOf({ ...undo, files: kept }), before: wanted.flat() };
}

/** Whether a service runs, or should. */
async function isWanted(system: Context['system'], { unit }: ServiceRun): Promise<boolean> {
  const properties = await system.unit(unit);
  return isRunning(properties) || properties.get('ActiveState') === 'failed';
}

/** What didn't run before and does now: it was started with files that are gone. */
async function settle(context: Context, undo: Undo, boot: string): Promise<readonly Diagnostic[]> {
  if (undo.boot !== boot) return [];
  return failuresOf(async () => {
    const ran = new Set(undo.runs.map(({ unit }) => unit));
    const services = await servicesOf(context, serviceName(undo.unit));
    const started = services.filter(({ name, properties }) => !ran.has(name) && isRunning(properties));
    const settled = started.map(async ({ name }) => {
      if (undo.starts) return stopUnit(context, name);
      await context.system.restart(name);
      return [];
    });
    return (await Promise.all(settled)).flat();
  });
}
