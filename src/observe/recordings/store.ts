/** The recordings of a unit on disk: a file a watch, written whole or not at all, readable by its owner alone. */
import { isSameBytes } from '../../collections.js';
import { type Diagnostic, error, failure, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import {
  endOfRecording,
  isRecordingName,
  recordingName,
  recordingsFolder,
  recordingsRoot,
} from '../../systemd/paths/recordings.js';
import { isTemplate, parseUnitName, type UnitName } from '../../systemd/unit/name.js';
import { formatRecording } from '../recording/format.js';
import type { Recording } from '../recording/recording.js';

export interface StoredRecording {
  readonly path: string;
  readonly recording: Recording;
}

export interface StoredRecordings {
  /** By the end of the watch, the oldest first. */
  readonly recordings: readonly StoredRecording[];
  /** Errors about files that can't be read. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Units without recordings are looked at, too: what reads one is loaded where there is one. */
const parsing = () => import('../recording/parse.js');

/** The resolution of the time in a file's name, in milliseconds. */
const SECOND = 1000;

/** Recordings of one unit that end in the same second on one host; nobody has more. */
const MOST_COPIES = 100;

/**
 * Stores a recording with those of its unit.
 * @param earlier the path of a recording of the watch's first part, which this one takes the place of
 * @returns its path, and whether it wasn't there yet
 * @throws UserError where it can't be written
 */
export async function keepRecording(
  { system, placement }: Context,
  recording: Recording,
  earlier?: string,
): Promise<{ path: string; isNew: boolean }> {
  const bytes = formatRecording(recording);
  const { MAX_RECORDING_SIZE } = await parsing();
  const folder = recordingsFolder(placement, recording.unit);
  for (let copy = 1; copy <= MOST_COPIES; copy++) {
    const path = `${folder}/${recordingName(recording.end, recording.host, copy)}`;
    const other = await system.read(path, { limit: MAX_RECORDING_SIZE, trusted: true });
    if (other && isSameBytes(other.bytes, bytes)) return { path, isNew: false };
    if (other) continue;
    await system.replace(path, bytes, { mode: 0o600 });
    if (earlier !== undefined) await system.remove(earlier);
    return { path, isNew: true };
  }
  throw failure('bad-file', `${folder} has too many recordings that end in the same second`);
}

/** Finds out whether recordings of a unit can be kept. @throws UserError `unwritable`, `untrusted-file` */
export const assertKeepable = ({ system, placement }: Context, unit: string): Promise<void> =>
  system.assertWritable(recordingsFolder(placement, unit), { make: true });

/**
 * The recordings of a unit; of a template those of its instances, too.
 * @param since only watches that began then or later, in milliseconds since 1970; earlier files aren't read
 */
export async function storedRecordings(
  context: Context,
  unit: UnitName,
  since = Number.NEGATIVE_INFINITY,
): Promise<StoredRecordings> {
  const recordings: StoredRecording[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { path, of } of await recordingFiles(context, unit, since)) {
    try {
      const recording = await readStored(context, path, of);
      if (recording && Date.parse(recording.begin) >= since) recordings.push({ path, recording });
    } catch (cause) {
      // One file that can't be read keeps none of the others from being read.
      if (!(cause instanceof UserError)) throw cause;
      diagnostics.push(...cause.diagnostics);
    }
  }
  recordings.sort((a, b) => endOf(a) - endOf(b));
  return { recordings, diagnostics };
}

const endOf = ({ recording }: StoredRecording): number => Date.parse(recording.end);

/** @returns undefined if somebody has removed the file meanwhile */
async function readStored({ system }: Context, path: string, unit: string): Promise<Recording | undefined> {
  const { MAX_RECORDING_SIZE } = await parsing();
  const file = await system.read(path, { limit: MAX_RECORDING_SIZE, trusted: true });
  if (!file) return undefined;
  const recording = await recordingIn(file.bytes, path);
  if (recording.unit === unit) return recording;
  throw new UserError(
    error('bad-file', `${path} is in the folder of ${unit}, but is a recording of ${recording.unit}`),
  );
}

async function recordingIn(bytes: Uint8Array, path: string): Promise<Recording> {
  const { parseRecording } = await parsing();
  const recording = parseRecording(bytes, path);
  if ('severity' in recording) throw new UserError(recording);
  return recording;
}

/**
 * Reads a recording that somebody brings, from another host for instance.
 * @throws UserError `unreadable`, `bad-file`
 */
export async function readRecording({ system }: Context, path: string): Promise<Recording> {
  const { MAX_RECORDING_SIZE } = await parsing();
  const file = await system.read(path, { limit: MAX_RECORDING_SIZE });
  if (!file) throw failure('unreadable', `can't read ${path}: no such file`);
  return recordingIn(file.bytes, path);
}

/**
 * Removes all recordings of a unit, those that can't be read, too; of a template those of its instances, too.
 * @returns the paths of the files
 */
export async function forgetRecordings(context: Context, unit: UnitName): Promise<string[]> {
  const files = await recordingFiles(context, unit);
  for (const { path } of files) await context.system.remove(path);
  return files.map(({ path }) => path);
}

/** Whether recordings of one unit count for another: an instance's do for its template. */
export const countsFor = (of: string, unit: UnitName): boolean => {
  const name = parseUnitName(of);
  if ('severity' in name || name.full !== of) return false;
  return of === unit.full || (isTemplate(unit) && name.template === unit.full);
};

async function recordingFiles(
  { system, placement }: Context,
  unit: UnitName,
  since = Number.NEGATIVE_INFINITY,
): Promise<{ path: string; of: string }[]> {
  const all = isTemplate(unit) ? await system.list(recordingsRoot(placement)) : [unit.full];
  const files: { path: string; of: string }[] = [];
  for (const of of all.filter((name) => countsFor(name, unit))) {
    const folder = recordingsFolder(placement, of);
    const names = (await system.list(folder)).filter(isRecordingName);
    // A name that tells no time is read: what is in the file decides.
    const recent = names.filter((name) => !(endOfRecording(name) + SECOND <= since));
    files.push(...recent.map((name) => ({ path: `${folder}/${name}`, of })));
  }
  return files;
}
