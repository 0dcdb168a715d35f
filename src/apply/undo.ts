/** What there was before a unit was changed, on disk until the change is done: whatever ends it, the next run undoes it. */

import { fromBase64, toBase64 } from '../collections.js';
import { type Diagnostic, error } from '../diagnostic.js';
import { installedLauncher, isOwnPath, type Placement, undoPath } from '../emit/paths.js';
import { isTemplate, parseUnitName, type UnitName } from '../unit/name.js';
import type { ServiceRun } from './activate.js';
import type { Change } from './changes.js';

/** A file as it was. */
export interface FileBefore {
  readonly path: string;
  /** Undefined where there was none. */
  readonly before:
    | { readonly content: Uint8Array; readonly mode: number; readonly modified: number }
    | undefined;
}

export interface Undo {
  readonly unit: string;
  /** The boot that it was written in (random(4), boot_id). */
  readonly boot: string;
  /** The runs that its services were in: of a template there are several, of what didn't run none. */
  readonly runs: readonly ServiceRun[];
  /** Whether the change itself starts a service that doesn't run. */
  readonly starts: boolean;
  /** Files of ours, in the order in which they are changed. */
  readonly files: readonly FileBefore[];
}

const VERSION = 1;

/** Whether a change puts the launcher where there was none: only who does may take it away again. */
export const isNewLauncher = (placement: Placement, { kind, path }: Pick<Change, 'kind' | 'path'>): boolean =>
  kind === 'create' && path === installedLauncher(placement);

/** @param changes what is to be done; a launcher that there was is left out, for others use it, too */
export function undoOf(
  placement: Placement,
  unit: string,
  changes: readonly Change[],
  how: Pick<Undo, 'boot' | 'runs' | 'starts'>,
): Undo {
  const files = changes
    .filter(
      (change) =>
        isNewLauncher(placement, change) ||
        (change.kind !== 'unchanged' && isOwnPath(placement, unit, change.path)),
    )
    .map(({ path, before }) => ({ path, before }));
  return { unit, ...how, files };
}

export function encodeUndo({ files, ...rest }: Undo): Uint8Array {
  const asText = ({ path, before }: FileBefore) => ({
    path,
    before: before ? { ...before, content: toBase64(before.content) } : null,
  });
  const text = JSON.stringify({ version: VERSION, ...rest, files: files.map(asText) }, undefined, 1);
  return new TextEncoder().encode(`${text}\n`);
}

/** @param unit as the file's name says it */
export function decodeUndo(placement: Placement, unit: string, bytes: Uint8Array): Undo | Diagnostic {
  const undo = readUndo(bytes);
  const name = parseUnitName(unit);
  const isOurs =
    'full' in name &&
    undo?.unit === unit &&
    changesOf(undo).every(
      (change) => isNewLauncher(placement, change) || isOwnPath(placement, unit, change.path),
    ) &&
    undo.runs.every((run) => isServiceOf(run.unit, name));
  if (isOurs) return undo;
  const path = undoPath(placement, unit);
  const hint = `see that the unit is as it shall be, then remove the file`;
  return error('undo-file', `${path} doesn't say what there was before ${unit} was changed`, { hint });
}

/** Whether a service is a unit itself, or an instance of it. */
function isServiceOf(service: string, unit: UnitName): boolean {
  const name = parseUnitName(service);
  if (!('full' in name) || name.full !== service) return false;
  return isTemplate(unit) ? !isTemplate(name) && name.template === unit.full : service === unit.full;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

function readUndo(bytes: Uint8Array): Undo | undefined {
  const json = parse(new TextDecoder().decode(bytes));
  if (!isObject(json) || json.version !== VERSION || !Array.isArray(json.files)) return undefined;
  const { unit, boot, starts, runs } = json;
  if (typeof unit !== 'string' || typeof boot !== 'string' || typeof starts !== 'boolean') return undefined;
  const files = json.files.map(readFile);
  if (!isComplete(files) || !Array.isArray(runs) || !runs.every(isRun)) return undefined;
  return { unit, boot, starts, runs, files };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRun = (run: unknown): run is ServiceRun =>
  isObject(run) && [run.unit, run.invocation, run.restarts].every((text) => typeof text === 'string');

const isComplete = (files: readonly (FileBefore | undefined)[]): files is FileBefore[] =>
  !files.includes(undefined);

function readFile(file: unknown): FileBefore | undefined {
  if (!isObject(file) || typeof file.path !== 'string') return undefined;
  const { path, before } = file;
  if (before === null) return { path, before: undefined };
  if (!isObject(before)) return undefined;
  const { content: text, mode, modified } = before;
  const content = typeof text === 'string' ? fromBase64(text) : undefined;
  if (!content || typeof mode !== 'number' || typeof modified !== 'number') return undefined;
  return { path, before: { content, mode, modified } };
}

/** What is to be undone, as changes that were made. */
export const changesOf = ({ files }: Undo): Change[] =>
  files.map(({ path, before }): Change => {
    const after = undefined;
    return before === undefined
      ? { kind: 'create', path, before, after }
      : { kind: 'replace', path, before: { path, ...before }, after };
  });
