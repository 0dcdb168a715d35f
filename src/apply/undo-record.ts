/**
 * The undo record of a unit: each file before and after, the runs of services, units that a restart may stop, the boot, and the
 * step. An undo needs the record alone, so that recovery after a crash is the same undo. A record that waits to be confirmed has a
 * deadline, in time since the boot. After another boot only files are put back, and services restarted that run by them.
 */

import { fromBase64, isSameBytes, toBase64 } from '../collections.js';
import { type Diagnostic, error, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { runsOf, type Service } from '../machine/state/service.js';
import type { ServiceRun } from '../machine/state/service-run.js';
import { isDown } from '../machine/unit-state.js';
import type { FileChange } from '../plan/emit/changes.js';
import { isOwnPath } from '../systemd/paths/own-files.js';
import type { Placement } from '../systemd/paths/placement.js';
import { isInstalledProgram } from '../systemd/paths/programs.js';
import { undoFolder, undoPath, unitOfUndo } from '../systemd/paths/records.js';
import { isTemplate, parseUnitName, type UnitName } from '../systemd/unit/name.js';
import { askUnits, namesIn } from './restart/affected-units.js';
import type { StepName } from './runner.js';

/** A file's content, mode and time of change. */
export interface FileState {
  readonly content: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
  /** Time of the last write, in milliseconds since 1970; undefined for a file that is yet to be written. */
  readonly modified?: number;
}

/** A file as it was, and as it shall be; undefined where there is none. */
export interface FileUndo {
  readonly path: string;
  readonly before: FileState | undefined;
  readonly after: FileState | undefined;
}

/** Steps that a record names: each is written to disk before it begins. */
type NotedStep = Extract<StepName, 'write' | 'restart'>;

/** The wait of a change that is done, and that goes back unless somebody confirms it. */
export interface Confirmation {
  /** The latest time for it, in milliseconds since the boot: the clock may be set meanwhile. */
  readonly by: number;
  /** The runs in which services were tried, or are with the written files. */
  readonly runs: readonly ServiceRun[];
}

export interface UndoRecord {
  readonly unit: string;
  /** The boot, and the start of the manager in it: no service of another one runs any more. */
  readonly boot: string;
  /** Runs of the unit's services: several of a template, none of a service that didn't run. */
  readonly runs: readonly ServiceRun[];
  /** Other units that were up, and that the restart or a failed trial may take down. */
  readonly affected: readonly string[];
  /** The one of these steps that was begun last. */
  readonly step: NotedStep;
  /** Whether the change itself starts a service that doesn't run. */
  readonly starts: boolean;
  /** Whether the change installs a program that drop-ins name, so that undoing it may remove such programs. */
  readonly installs: boolean;
  /** The unit's files of ours, in the order in which they are changed. */
  readonly files: readonly FileUndo[];
  /** Undefined until the change is done; one that holds at once never has it. */
  readonly confirmation?: Confirmation;
}

/** Whether services have been, or are about to be, restarted by the change. */
export const mayHaveRestarted = ({ step }: UndoRecord): boolean => step === 'restart';

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

const VERSION = 2;

/** Files of a unit's changes. Files that other units use, too, as installed programs, are left out. */
export const filesToUndo = (
  placement: Placement,
  unit: string,
  changes: readonly FileChange[],
): readonly FileUndo[] =>
  changes
    .filter(({ kind, path }) => kind !== 'unchanged' && isOwnPath(placement, unit, path))
    .map(({ path, before, after }) => ({ path, before, after }));

const installsProgram = (placement: Placement, changes: readonly FileChange[]): boolean =>
  changes.some(({ kind, path }) => kind === 'create' && isInstalledProgram(placement, path));

/** In the file the key `launcher` says whether programs are installed: the launcher was the only one. */
function encodeUndoRecord({ files, installs, ...rest }: UndoRecord): Uint8Array {
  const asText = ({ path, before, after }: FileUndo) => ({
    path,
    before: stateJson(before),
    after: stateJson(after),
  });
  const whole = { version: VERSION, ...rest, launcher: installs, files: files.map(asText) };
  const text = JSON.stringify(whole, undefined, 1);
  return new TextEncoder().encode(`${text}\n`);
}

const stateJson = (state: FileState | undefined) =>
  state ? { content: toBase64(state.content), mode: state.mode, modified: state.modified ?? null } : null;

/** @param unit as the file's name says it */
function decodeUndoRecord(placement: Placement, unit: string, bytes: Uint8Array): UndoRecord | Diagnostic {
  const undo = parseUndoRecord(bytes);
  const name = parseUnitName(unit);
  const isOurs =
    'full' in name &&
    undo?.unit === unit &&
    undo.files.every(({ path }) => isOwnPath(placement, unit, path)) &&
    [...undo.runs, ...(undo.confirmation?.runs ?? [])].every((run) => isServiceOf(run.unit, name)) &&
    undo.affected.every((other) => isFullName(other));
  if (isOurs) return undo;
  const path = undoPath(placement, unit);
  const hint = `check that the unit is as it should be, then remove the file`;
  return error('undo-file', `${path} is not a valid undo record for ${unit}`, { hint });
}

const isFullName = (text: string): boolean => {
  const name = parseUnitName(text);
  return 'full' in name && name.full === text;
};

/** Whether a service is a unit itself, or an instance of it. */
function isServiceOf(service: string, unit: UnitName): boolean {
  const name = parseUnitName(service);
  if (!('full' in name) || name.full !== service) return false;
  return isTemplate(unit) ? !isTemplate(name) && name.template === unit.full : service === unit.full;
}

type RecordJson = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is RecordJson => typeof value === 'object' && value !== null;

function parseUndoRecord(bytes: Uint8Array): UndoRecord | undefined {
  const json = parse(new TextDecoder().decode(bytes));
  if (!isObject(json) || json.version !== VERSION) return undefined;
  const { unit, boot, step, starts, launcher: installs, runs, affected, files, confirmation } = json;
  if (typeof unit !== 'string' || typeof boot !== 'string') return undefined;
  if (!isNotedStep(step) || typeof starts !== 'boolean') return undefined;
  if (typeof installs !== 'boolean') return undefined;
  const read = Array.isArray(files) ? files.map(readFile) : [undefined];
  if (!isComplete(read) || !isListOf(runs, isRun) || !isListOf(affected, isText)) return undefined;
  const record = { unit, boot, step, starts, installs, runs, affected, files: read };
  if (confirmation === undefined) return record;
  return isConfirmation(confirmation) ? { ...record, confirmation } : undefined;
}

const isConfirmation = (value: unknown): value is Confirmation =>
  isObject(value) && Number.isFinite(value.by) && isListOf(value.runs, isRun);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isNotedStep = (word: unknown): word is NotedStep => word === 'write' || word === 'restart';

const isText = (value: unknown): value is string => typeof value === 'string';

const isListOf = <T>(value: unknown, is: (one: unknown) => one is T): value is T[] =>
  Array.isArray(value) && value.every(is);

const isRun = (run: unknown): run is ServiceRun => isObject(run) && [run.unit, run.invocation].every(isText);

const isComplete = (files: readonly (FileUndo | undefined)[]): files is FileUndo[] =>
  !files.includes(undefined);

function readFile(file: unknown): FileUndo | undefined {
  if (!isObject(file) || typeof file.path !== 'string') return undefined;
  const [before, after] = [readState(file.before), readState(file.after)];
  if (before === 'wrong' || after === 'wrong') return undefined;
  return { path: file.path, before, after };
}

function readState(state: unknown): FileState | undefined | 'wrong' {
  if (state === null) return undefined;
  if (!isObject(state)) return 'wrong';
  const { content: text, mode, modified } = state;
  const content = typeof text === 'string' ? fromBase64(text) : undefined;
  if (!content || typeof mode !== 'number') return 'wrong';
  if (modified === null) return { content, mode };
  return typeof modified === 'number' ? { content, mode, modified } : 'wrong';
}

/** Whether a file is as a state says; both are undefined where there is none. */
export const isSameState = (
  file: Pick<FileState, 'content' | 'mode'> | undefined,
  state: FileState | undefined,
): boolean =>
  file && state
    ? file.mode === state.mode && isSameBytes(file.content, state.content)
    : file === undefined && state === undefined;
