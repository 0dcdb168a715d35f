import { ownCommand } from '../command-lines.js';
import { type Diagnostic, EXIT, error, note, UserError, warning } from '../diagnostic.js';
import type { Outcome } from '../outcome.js';
import { lockPath } from '../paths.js';
import { failureOf } from '../state/failures.js';
import type { Context } from '../system/context.js';
import { assertMayChange } from './needs-root.js';
import { unfinishedUnits } from './record.js';
import { recover, strayFiles } from './recover.js';

/** How long another run may take, in seconds. */
const LONGEST_WAIT = 900;

/**
 * What a verb does that changes units, by whoever may; where it changes nothing that runs, nobody else is in the way.
 * @throws UserError `needs-root`, and as exclusively()
 */
export function withLock(
  context: Context,
  options: { readonly check?: boolean },
  change: () => Promise<Outcome>,
): Promise<Outcome> {
  assertMayChange(context, options);
  if (context.offline) return change();
  return options.check ? asked(context, change) : underLock(context, change);
}

/** What a verb would change; units that are half changed would be put back first. */
async function asked(context: Context, change: () => Promise<Outcome>): Promise<Outcome> {
  if ((await unfinishedUnits(context)).length === 0) return change();
  const busy = await isBusy(context);
  // What was under way may be done by now.
  const units = await unfinishedUnits(context);
  if (units.length === 0) return change();
  const half = busy ? [busyWith(units)] : units.map((unit) => leftHalfDone(context, unit));
  const { exit, json, ...outcome } = await withDiagnostics(half, change);
  return { ...outcome, json: { ...json, changed: true }, exit: exit === EXIT.ok ? EXIT.pending : exit };
}

/** Whether another run changes units; false where that can't be asked. */
async function isBusy(context: Context): Promise<boolean> {
  const { system, placement } = context;
  let busy = false;
  if (!mayRecover(context)) return busy;
  await failureOf(async () => {
    const letGo = await system.lock(lockPath(placement), 0);
    letGo?.();
    busy = letGo === undefined;
  });
  return busy;
}

const mayRecover = ({ superuser, placement }: Context): boolean => superuser || placement.scope === 'user';

const busyWith = (units: readonly string[]): Diagnostic =>
  note('busy', `another sandbox-unit is changing ${units.join(', ') || 'units'}`);

/** What was found before a verb is said, whatever comes of the verb. */
async function withDiagnostics(
  found: readonly Diagnostic[],
  change: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    const outcome = await change();
    return { ...outcome, diagnostics: [...found, ...outcome.diagnostics] };
  } catch (cause) {
    if (!(cause instanceof UserError) || found.length === 0) throw cause;
    throw new UserError([...found, ...cause.diagnostics], cause.exit, cause.sources);
  }
}

/**
 * Changes units while nobody else does, after what a run that was ended has left half done is put back.
 * @throws UserError `locked`, `no-lock`, and what keeps a unit from being put back
 */
function underLock(context: Context, change: () => Promise<Outcome>): Promise<Outcome> {
  return whileLocked(context, async () => {
    return withDiagnostics(await recover(context), change);
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
export async function recoverIfFree(context: Context): Promise<Pick<Outcome, 'exit' | 'diagnostics'>> {
  try {
    return { exit: EXIT.ok, diagnostics: await recoverWhereFree(context) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { exit: cause.exit, diagnostics: cause.diagnostics };
  }
}

async function recoverWhereFree(context: Context): Promise<readonly Diagnostic[]> {
  const { system, placement, offline } = context;
  if (offline) return [];
  const units = await unfinishedUnits(context);
  if (units.length === 0 && (await strayFiles(context)).length === 0) return [];
  if (!mayRecover(context)) return units.map((unit) => leftHalfDone(context, unit));
  const letGo = await system.lock(lockPath(placement), 0);
  if (!letGo) return [busyWith(units)];
  try {
    return await recover(context);
  } finally {
    letGo();
  }
}

/** What is to be said of one unit that is half changed, by a verb that only looks. */
export async function halfDone(context: Context, unit: string): Promise<Diagnostic[]> {
  const units = await unfinishedUnits(context);
  return units.includes(unit) ? [leftHalfDone(context, unit)] : [];
}

/** That a unit isn't as any policy says. */
const leftHalfDone = ({ placement }: Context, unit: string): Diagnostic =>
  warning('half-done', `${unit} is being changed, or was left half changed by a run that was ended`, {
    hint: `as root '${ownCommand(placement.scope, 'status', unit)}' puts it back as it was`,
  });
