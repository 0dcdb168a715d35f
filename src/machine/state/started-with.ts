import { FILES_FIELD } from '../../plan/emit/files.js';
import { parseExtraFields } from '../../systemd/formats/extra-fields.js';
import type { Context } from '../context.js';
import type { FileContent } from '../system.js';
import type { UnitState } from '../unit-state.js';
import { orElse } from './failures.js';
import { isUp } from './service-run.js';

/** In the place of a hash: the run was started before the manager had read a drop-in with this field. */
export const NO_FILES = 'none';

/**
 * The hash of the files that a service's run was started with, by the field of the drop-in that the manager had read then;
 * undefined where that can't be known, as where files were changed by hand. systemd exports the fields for journald when it starts
 * the first process of a run, and leaves them as they are whatever it reads in between, also by RestartMode=direct. Only root can
 * write them.
 * @param files the hash of the unit's files as they are
 */
export async function startedWith(
  { system, placement }: Context,
  state: UnitState,
  files: string,
): Promise<string | undefined> {
  // Managers of users export nothing, and other drop-ins may have taken the field away, or have one more.
  const [loaded, ...others] = loadedHashes(state);
  if (placement.scope === 'user' || loaded !== files || others.length > 0) return undefined;
  const path = `/run/systemd/units/log-extra-fields:${state.id}`;
  const read = () => system.read(path, { trusted: true });
  const file = await orElse<FileContent | 'unreadable' | undefined>(read, 'unreadable');
  if (file === 'unreadable') return undefined;
  if (file === undefined || !isOfStart(file.modified, state)) return NO_FILES;
  const [hash = NO_FILES, ...more] = hashesIn(parseExtraFields(file.bytes) ?? []);
  return more.length === 0 ? hash : undefined;
}

/** The time by which the kernel's clock for files may be late, in milliseconds: several ticks. */
const LATE = 50;

/**
 * Whether fields were exported when a run was started. Where the manager has no fields for a run the file of an earlier run
 * stays, and a reload exports fields that are loaded by then. A main process may hand over to another, but the service is up
 * before that.
 * @param exported in milliseconds since 1970
 */
function isOfStart(exported: number, state: UnitState): boolean {
  const began = Math.max(state.inactiveEnterTimestamp, state.conditionTimestamp) / 1000;
  const main = state.mainPid > 0 ? state.execMainStartTimestamp : 0;
  const up = isUp(state) ? state.activeEnterTimestamp : 0;
  const over = Math.min(...[main, up].filter((time) => time > 0)) / 1000;
  return began - LATE <= exported && exported <= over;
}

const PREFIX = `${FILES_FIELD}=`;

export const hashesIn = (fields: readonly string[]): string[] =>
  fields.filter((field) => field.startsWith(PREFIX)).map((field) => field.slice(PREFIX.length));

/**
 * Whether the manager has loaded the drop-in whose files have this hash, and nothing has changed values of the unit besides, as
 * `systemctl set-property` does. False where a drop-in has no field, as those of users' managers and of older versions.
 */
export function hasLoaded(state: UnitState, hash: string | undefined): boolean {
  const isSet = state.dropInPaths.some((path) => path.includes('/system.control/'));
  return loadedHashes(state).join() === hash && !isSet;
}

/** The hashes of files in the fields that the manager has loaded, which are lists of bytes on the bus. */
export function loadedHashes({ properties }: UnitState): string[] {
  const fields = properties.get('LogExtraFields');
  const fieldText = (one: Iterable<number>) => new TextDecoder().decode(Uint8Array.from(one));
  return Array.isArray(fields) ? hashesIn(fields.map(fieldText)) : [];
}
