/**
 * The undo record of a unit: each file before and after, the runs of services, units that a restart may stop, the boot, and the
 * step. An undo needs the record alone, so that recovery after a crash is the same undo. A record that waits to be confirmed has a
 * deadline, in time since the boot. After another boot only files are put back, and services restarted that run by them.
 */

import { UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { runsOf, type Service } from '../machine/state/service.js';
import { isDown } from '../machine/unit-state.js';
import type { FileChange } from '../plan/emit/changes.js';
import { undoFolder, undoPath, unitOfUndo } from '../systemd/paths/records.js';
import { askUnits, namesIn } from './restart/affected-units.js';
import {
  decodeUndoRecord,
  encodeUndoRecord,
  filesToUndo,
  installsProgram,
  type NotedStep,
  type UndoRecord,
} from './undo-record-format.js';

/** A size that no record has, in bytes. */
const MAX_SIZE = 32 << 20;

const BOOT = '/proc/sys/kernel/random/boot_id';

/** A text that differs between two boots of the machine, and between two starts of the manager. */
export async function bootId({ system }: Context): Promise<string> {
  const [file, { started }] = await Promise.all([system.read(BOOT), system.manager()]);
  return `${new TextDecoder().decode(file?.bytes).trim()} ${started}`;
}

/** Whether one kernel runs at two times, by their texts of bootId(): a soft-reboot starts the manager alone. */
export const isSameKernel = (one: string, other: string): boolean =>
  one.split(' ')[0] === other.split(' ')[0];

interface ToRecord {
  readonly unit: string;
  readonly changes: readonly FileChange[];
  /** The unit's services, as they are before anything is changed. */
  readonly services: readonly Service[];
  /** Whether the change starts a service that doesn't run. */
  readonly starts?: boolean;
}

/** Describes what there is before a unit is changed. */
export async function makeUndoRecord(
  context: Context,
  { unit, changes, services, starts = false }: ToRecord,
): Promise<UndoRecord> {
  const affected = await tiedTo(context, services);
  const boot = await bootId(context);
  return {
    unit,
    boot,
    runs: runsOf(services),
    affected,
    step: 'write',
    starts,
    installs: installsProgram(context.placement, changes),
    files: filesToUndo(context.placement, unit, changes),
  };
}

/** Units that are up and go down where services fail by themselves: their sockets and paths, and what is bound to them. */
async function tiedTo(context: Context, services: readonly Service[]): Promise<string[]> {
  const names = services.flatMap(({ state }) => namesIn(state, ['triggeredBy', 'boundBy']));
  const found = await askUnits(context, [...new Set(names)]);
  return found.filter(({ state }) => !isDown(state)).map(({ name }) => name);
}

/**
 * Keeps a record on disk, with the step that is begun. Whoever changes the unit holds the lock.
 * @throws UserError where it can't be written
 */
export async function keepUndoRecord(
  { system, placement }: Context,
  record: UndoRecord,
  step: NotedStep,
): Promise<UndoRecord> {
  const kept = { ...record, step };
  await system.replace(undoPath(placement, record.unit), encodeUndoRecord(kept), { mode: 0o600 });
  return kept;
}

/** Removes the record of a unit whose change is done or undone. */
export const forgetUndoRecord = ({ system, placement }: Context, unit: string): Promise<void> =>
  system.remove(undoPath(placement, unit));

/** Units that have a record. */
export async function recordedUnits({ system, placement }: Context): Promise<string[]> {
  const names = await system.list(undoFolder(placement));
  return names.flatMap((name) => unitOfUndo(name) ?? []);
}

/** A record that can't be read, and why. */
export interface UnreadableRecord {
  readonly unit: string;
  readonly cause: UserError;
}

/** Reads a unit's record; undefined where there is none. */
export async function readUndoRecord(
  { system, placement }: Context,
  unit: string,
): Promise<UndoRecord | UnreadableRecord | undefined> {
  try {
    const file = await system.read(undoPath(placement, unit), { limit: MAX_SIZE, trusted: true });
    const undo = file && decodeUndoRecord(placement, unit, file.bytes);
    return undo && 'severity' in undo ? { unit, cause: new UserError(undo) } : undo;
  } catch (cause) {
    if (cause instanceof UserError) return { unit, cause };
    throw cause;
  }
}
