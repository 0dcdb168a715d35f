import { inBatches } from '../collections.js';
import { type Diagnostic, UserError } from '../diagnostic.js';
import type { Change } from '../emit/changes.js';
import { undoFolder, undoPath, unitOfUndo } from '../paths.js';
import { type AffectedUnit, affectedUnits, isWanted } from '../restart/affected-units.js';
import { type AppliedRuns, keepRunsBefore, ownAppliedRuns } from '../state/applied-runs.js';
import { ASKED_AT_ONCE, runsOf, type Service } from '../state/service.js';
import type { Context } from '../system/context.js';
import { decodeUndo, encodeUndo, filesToUndo, putsLauncher, type Undo } from './undo-record.js';

/** Larger than any of them, in bytes. */
const MAX_SIZE = 32 << 20;

const BOOT = '/proc/sys/kernel/random/boot_id';

/** What tells one life of the manager from others: the boot of the machine, and when the manager was started in it. */
export async function bootId({ system }: Context): Promise<string> {
  const [file, { started }] = await Promise.all([system.read(BOOT), system.manager()]);
  return `${new TextDecoder().decode(file?.bytes).trim()} ${started}`;
}

interface ToUndo {
  readonly unit: string;
  readonly changes: readonly Change[];
  /** What runs by the unit, as it is before anything is changed. */
  readonly services: readonly Service[];
  /** Its files as they are then, where that is known. */
  readonly appliedRuns?: AppliedRuns | undefined;
}

/**
 * Keeps on disk what there is, before a unit is changed, and listens to what its restart may take along. Whoever changes
 * it holds the lock.
 */
export async function keepUndo(
  context: Context,
  { unit, changes, services, appliedRuns }: ToUndo,
  { starts = false } = {},
): Promise<Undo> {
  const affected = await listenedTo(context, await affectedUnits(context, services, { starts }));
  const undo = {
    unit,
    boot: await bootId(context),
    runs: runsOf(services),
    affected,
    restarted: false,
    starts,
    launcher: putsLauncher(context.placement, changes),
    files: filesToUndo(context.placement, unit, changes),
  };
  await keepRunsBefore(context, appliedRuns ?? (await ownAppliedRuns(context, unit)), services);
  await write(context, undo);
  return undo;
}

/** The units that are still up now that they are listened to; what was heard of some before is kept. */
async function listenedTo({ system }: Context, affected: readonly AffectedUnit[]): Promise<string[]> {
  const names = affected.map(({ name }) => name);
  const heard = await Promise.all(names.map((name) => system.heard(name)));
  const fresh = names.filter((_, i) => heard[i] === undefined);
  if (fresh.length > 0) await system.watch(fresh);
  const found = await inBatches(names, ASKED_AT_ONCE, (name) => system.anyUnit(name));
  return names.filter((_, i) => isWanted(found[i]!));
}

/** Adds that services are restarted from here on. */
export async function keepRestarted(context: Context, undo: Undo): Promise<Undo> {
  const restarted = { ...undo, restarted: true };
  await write(context, restarted);
  return restarted;
}

const write = ({ system, placement }: Context, undo: Undo): Promise<void> =>
  system.replace(undoPath(placement, undo.unit), encodeUndo(undo), { mode: 0o600 });

/** The change is done, or undone. */
export const forgetUndo = ({ system, placement }: Context, unit: string): Promise<void> =>
  system.remove(undoPath(placement, unit));

/** Units that a run has left half changed. */
export async function unfinishedUnits({ system, placement }: Context): Promise<string[]> {
  const names = await system.list(undoFolder(placement));
  return names.flatMap((name) => unitOfUndo(name) ?? []);
}

/**
 * What there was before them.
 * @throws UserError `undo-file`
 */
export async function readUndos(context: Context, units: readonly string[]): Promise<Undo[]> {
  const { system, placement } = context;
  const undos: Undo[] = [];
  const wrong: Diagnostic[] = [];
  for (const unit of units) {
    const file = await system.read(undoPath(placement, unit), { limit: MAX_SIZE, trusted: true });
    const undo = file && decodeUndo(placement, unit, file.bytes);
    if (undo === undefined) continue;
    if ('severity' in undo) wrong.push(undo);
    else undos.push(undo);
  }
  if (wrong.length > 0) throw new UserError(wrong);
  return undos;
}
