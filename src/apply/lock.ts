import { type Diagnostic, EXIT, error, note, UserError, warning } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { holdingLock } from '../machine/holding-lock.js';
import { orElse } from '../machine/state/failures.js';
import type { Outcome } from '../outcome.js';
import { ownCommand } from '../systemd/command-lines.js';
import { lockPath } from '../systemd/paths/records.js';
import { activatedUnits, notDone } from './confirm/activations.js';
import { unitsToUndo } from './confirm/pending.js';
import { recover, strayFiles } from './recover.js';

/** How long another run may take, in seconds. */
const LONGEST_WAIT = 900;

/**
 * Runs a verb that changes units while no other run does. `--check` and offline runs need no lock.
 * @throws UserError `needs-root`, and as whileLocked()
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

/** Runs a verb with --check, which would roll half changed units back first. */
async function asked(context: Context, change: () => Promise<Outcome>): Promise<Outcome> {
  if ((await unitsToUndo(context)).length === 0) return change();
  const busy = await isBusy(context);
  // Another run may have ended by now.
  const units = await unitsToUndo(context);
  if (units.length === 0) return change();
  const half = busy ? [busyWith(units)] : units.map((unit) => leftHalfDone(context, unit));
  const { exit, json, ...outcome } = await withDiagnostics(half, change);
  return { ...outcome, json: { ...json, changed: true }, exit: exit === EXIT.ok ? EXIT.pending : exit };
}

/** Whether another run changes units; false where that can't be asked. */
export async function isBusy(context: Context): Promise<boolean> {
  if (!mayRecover(context)) return false;
  return orElse(async () => {
    const letGo = await context.system.lock(lockPath(context.placement), 0);
    letGo?.();
    return letGo === undefined;
  }, false);
}

const mayRecover = ({ superuser, placement }: Context): boolean => superuser || placement.scope === 'user';

const busyWith = (units: readonly string[]): Diagnostic =>
  note('busy', `another sandbox-unit is changing ${units.join(', ') || 'units'}`);

/** Adds diagnostics to those of a verb, whatever comes of the verb. */
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
 * Recovers half changed units, and then changes others, while no other run does.
 * @throws UserError `busy`, `unwritable`, and as recover()
 */
function underLock(context: Context, change: () => Promise<Outcome>): Promise<Outcome> {
  return whileLocked(context, async () => {
    await assertNoneActivated(context);
    return withDiagnostics(await recover(context), change);
  });
}

/** @throws UserError `half-done` where `activate` has left a record, which it alone can undo */
async function assertNoneActivated(context: Context): Promise<void> {
  const [unit] = await activatedUnits(context);
  if (unit !== undefined) throw new UserError(notDone(unit), EXIT.failure);
}

/**
 * Takes a step while no other run changes units.
 * @throws UserError `busy`, `unwritable`
 */
export const whileLocked = <T>(context: Context, step: () => Promise<T>): Promise<T> =>
  holdingLock(
    context,
    {
      path: lockPath(context.placement),
      wait: LONGEST_WAIT,
      holder: 'another sandbox-unit is changing units',
    },
    step,
  );

/** Units that another run is changing at this moment; none where that can't be asked. */
export const changedByOthers = async (context: Context): Promise<readonly string[]> =>
  (await isBusy(context)) ? unitsToUndo(context) : [];

/** The outcome of a recovery that keeps nobody from going on. */
type Recovered = Pick<Outcome, 'exit' | 'diagnostics'>;

/**
 * Recovers half changed units for a verb that changes nothing itself, if no other run is at work and the user may.
 */
export const recoverIfFree = (context: Context): Promise<Recovered> =>
  whateverComes(() => recoverWhereFree(context));

/** Recovers half changed units for who has the lock, and goes on where one can't be. */
export const recoverAnyhow = (context: Context): Promise<Recovered> => whateverComes(() => recover(context));

async function whateverComes(step: () => Promise<readonly Diagnostic[]>): Promise<Recovered> {
  try {
    return { exit: EXIT.ok, diagnostics: await step() };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { exit: cause.exit, diagnostics: cause.diagnostics };
  }
}

async function recoverWhereFree(context: Context): Promise<readonly Diagnostic[]> {
  const { system, placement, offline } = context;
  if (offline) return [];
  const units = await unitsToUndo(context);
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

/** A warning, for a verb that only looks, about a unit that is half changed. */
export async function halfDone(context: Context, unit: string): Promise<Diagnostic[]> {
  const units = await unitsToUndo(context);
  return units.includes(unit) ? [leftHalfDone(context, unit)] : [];
}

function leftHalfDone(context: Context, unit: string): Diagnostic {
  const { scope } = context.placement;
  // As root `--user` is the manager of root's own units.
  const who = scope === 'user' ? '' : ' as root';
  // Records are root's alone.
  const others = mayRecover(context) ? '' : ' waits to be confirmed,';
  const message = `${unit} is being changed,${others} or was left half changed by an interrupted run`;
  return warning('half-done', message, {
    hint: `after an interrupted run, '${ownCommand(scope, 'status', unit)}'${who} rolls it back`,
  });
}

/**
 * Refuses a change of the system's units to others than root, before half of it fails.
 * @param hint the way out, where the usual one isn't there
 * @throws UserError `needs-root`
 */
export function assertMayChange(
  { placement, offline, superuser }: Context,
  { check }: { readonly check?: boolean },
  hint = 'run it with sudo; --check changes nothing, and --user is for your own services',
): void {
  if (check || offline || superuser || placement.scope === 'user') return;
  throw new UserError(error('needs-root', "only root may change the system's units", { hint }), EXIT.failure);
}
