/** What there was before a unit was changed, on disk until the change is done: whatever ends it, the next run undoes it. */

import { fromBase64, isSameBytes, toBase64 } from '../collections.js';
import { type Diagnostic, error } from '../diagnostic.js';
import type { Change } from '../emit/changes.js';
import { installedLauncher, isOwnPath, type Placement, undoPath } from '../paths.js';
import type { ServiceRun } from '../state/service-run.js';
import { isTemplate, parseUnitName, type UnitName } from '../unit/name.js';
import { isStepName, type StepName } from './step-names.js';

/** A file's content and what else of it is put back. */
export interface FileState {
  readonly content: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
  /** When it was written, in milliseconds since 1970; undefined where that is yet to come. */
  readonly modified?: number;
}

/** A file as it was, and as it shall be; undefined where there is none. */
export interface FileUndo {
  readonly path: string;
  readonly before: FileState | undefined;
  readonly after: FileState | undefined;
}

export interface UndoRecord {
  readonly unit: string;
  /** What tells the manager's life from others: nothing that ran then runs in another. */
  readonly boot: string;
  /** The runs that its services were in: of a template there are several, of what didn't run none. */
  readonly runs: readonly ServiceRun[];
  /** Other units that were up and that a restart may take down. */
  readonly affected: readonly string[];
  /** The last step that was begun, of those that are told: before `restart` no service was restarted by the change. */
  readonly step: StepName;
  /** Whether the change itself starts a service that doesn't run. */
  readonly starts: boolean;
  /** Whether the launcher is put where there was none: only who does may take it away again. */
  readonly launcher: boolean;
  /** Files of ours, in the order in which they are changed. */
  readonly files: readonly FileUndo[];
}

const VERSION = 2;

/** The way back from changes; what isn't the unit's own is left out, for others use it, too. */
export const filesToUndo = (
  placement: Placement,
  unit: string,
  changes: readonly Change[],
): readonly FileUndo[] =>
  changes
    .filter(({ kind, path }) => kind !== 'unchanged' && isOwnPath(placement, unit, path))
    .map(({ path, before, after }) => ({ path, before, after }));

export const putsLauncher = (placement: Placement, changes: readonly Change[]): boolean =>
  changes.some(({ kind, path }) => kind === 'create' && path === installedLauncher(placement));

export function encodeRecord({ files, ...rest }: UndoRecord): Uint8Array {
  const asText = ({ path, before, after }: FileUndo) => ({
    path,
    before: stateJson(before),
    after: stateJson(after),
  });
  const text = JSON.stringify({ version: VERSION, ...rest, files: files.map(asText) }, undefined, 1);
  return new TextEncoder().encode(`${text}\n`);
}

const stateJson = (state: FileState | undefined) =>
  state ? { content: toBase64(state.content), mode: state.mode, modified: state.modified ?? null } : null;

/** @param unit as the file's name says it */
export function decodeRecord(placement: Placement, unit: string, bytes: Uint8Array): UndoRecord | Diagnostic {
  const undo = parseRecord(bytes);
  const name = parseUnitName(unit);
  const isOurs =
    'full' in name &&
    undo?.unit === unit &&
    undo.files.every(({ path }) => isOwnPath(placement, unit, path)) &&
    undo.runs.every((run) => isServiceOf(run.unit, name)) &&
    undo.affected.every((other) => isFullName(other));
  if (isOurs) return undo;
  const path = undoPath(placement, unit);
  const hint = `see that the unit is as it shall be, then remove the file`;
  return error('undo-file', `${path} doesn't say what there was before ${unit} was changed`, { hint });
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

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

function parseRecord(bytes: Uint8Array): UndoRecord | undefined {
  const json = parse(new TextDecoder().decode(bytes));
  if (!isObject(json) || json.version !== VERSION) return undefined;
  const { unit, boot, step, starts, launcher, runs, affected, files } = json;
  if (typeof unit !== 'string' || typeof boot !== 'string') return undefined;
  if (!isStepName(step) || typeof starts !== 'boolean') return undefined;
  if (typeof launcher !== 'boolean') return undefined;
  const read = Array.isArray(files) ? files.map(readFile) : [undefined];
  if (!isComplete(read) || !isListOf(runs, isRun) || !isListOf(affected, isText)) return undefined;
  return { unit, boot, step, starts, launcher, runs, affected, files: read };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
