import { FILES_FIELD } from '../emit/files.js';
import { parseExtraFields } from '../formats/extra-fields.js';
import type { Context } from '../system/context.js';
import type { FileContent } from '../system/system.js';
import type { UnitState } from '../system/unit-state.js';
import { orElse } from './failures.js';
import { isUp } from './service-run.js';

/** In the place of a hash: the run was started before the manager had read a drop-in with this field. */
export const NO_FILES = 'none';

/**
 * The hash of the files that a service's run was started with, by the field of the drop-in that the manager had read then;
 * undefined where that can't be known. systemd exports the fields for journald when it starts the first process of a run,
 * and leaves them as they are until the run ends, whatever it reads meanwhile. Only root can write them.
 */
export async function startedWith(
  { system, placement }: Context,
  state: UnitState,
): Promise<string | undefined> {
  // Managers of users export nothing, and other drop-ins may have taken the field away, or have one more.
  if (placement.scope === 'user' || hashesIn(loadedFields(state)).length !== 1) return undefined;
  const path = `/run/systemd/units/log-extra-fields:${state.id}`;
  const read = () => system.read(path, { trusted: true });
  const file = await orElse<FileContent | 'unreadable' | undefined>(read, 'unreadable');
  if (file === 'unreadable') return undefined;
  // Of a run without fields a reload exports those that are loaded by then.
  if (file === undefined || file.modified > startOf(state)) return NO_FILES;
  const [hash = NO_FILES, ...more] = hashesIn(parseExtraFields(file.bytes) ?? []);
  return more.length === 0 ? hash : undefined;
}

/**
 * A time by which the start had begun all its processes, in milliseconds since 1970. A main process may hand over to another, but
 * then the service is up already.
 */
function startOf(state: UnitState): number {
  const main = state.mainPid > 0 ? state.execMainStartTimestamp : 0;
  const up = isUp(state) ? state.activeEnterTimestamp : 0;
  return Math.min(main || Number.POSITIVE_INFINITY, up || Number.POSITIVE_INFINITY) / 1000;
}

const PREFIX = `${FILES_FIELD}=`;

const hashesIn = (fields: readonly string[]): string[] =>
  fields.filter((field) => field.startsWith(PREFIX)).map((field) => field.slice(PREFIX.length));

/** The fields that the manager has loaded: lists of bytes on the bus. */
function loadedFields({ properties }: UnitState): string[] {
  const fields = properties.get('LogExtraFields');
  return Array.isArray(fields) ? fields.map((one) => new TextDecoder().decode(Uint8Array.from(one))) : [];
}
