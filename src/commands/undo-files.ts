import { decodeUndo, encodeUndo, type Undo, undoOf } from '../apply/undo.js';
import { type Diagnostic, UserError } from '../diagnostic.js';
import { undoFolder, undoPath, unitOfUndo } from '../emit/paths.js';
import type { Context } from '../system/context.js';
import type { UnitResult } from './unit-result.js';

/** Larger than any of them, in bytes. */
const MAX_SIZE = 32 << 20;

const BOOT = '/proc/sys/kernel/random/boot_id';

/** What tells one boot of the machine from others. */
export async function bootId({ system }: Context): Promise<string> {
  const file = await system.read(BOOT);
  return new TextDecoder().decode(file?.bytes).trim();
}

/** Keeps on disk what there is, before a unit is changed. Whoever changes it holds the lock. */
export async function keepUndo(
  context: Context,
  { unit, changes, before }: Pick<UnitResult, 'unit' | 'changes' | 'before'>,
  { starts = false } = {},
): Promise<void> {
  const { system, placement } = context;
  const undo = undoOf(placement, unit, changes, { boot: await bootId(context), runs: before ?? [], starts });
  await system.replace(undoPath(placement, unit), encodeUndo(undo), { mode: 0o600 });
}

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
