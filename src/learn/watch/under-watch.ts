/** Services under watch. Each has a lock, which the end of its watcher releases, and a file with the progress of the watch. */

import { EXIT, error, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { isDown } from '../../machine/unit-state.js';
import { LIFE_PHASES, type LifePhase } from '../../observe/recording/recording.js';
import {
  type Check,
  jsonOf,
  Misshapen,
  nullable,
  object,
  oneOf,
  whole,
} from '../../observe/recording/shape.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { watchesFolder, watchLockPath, watchPath } from '../../systemd/paths/records.js';
import { isServiceName } from '../../systemd/unit/name.js';

export interface WatchProgress {
  /** Milliseconds since 1970. */
  readonly begin: number;
  /** Milliseconds since 1970; null where the user ends it. */
  readonly end: number | null;
  readonly phase: LifePhase | null;
  /** The number of distinct calls so far. */
  readonly calls: number;
  readonly lost: number;
}

/** A watch under way. */
export interface UnderWatch extends WatchProgress {
  readonly unit: string;
  /** The transient unit that it runs in; null for one in the foreground. */
  readonly background: string | null;
}

const progress: Check<WatchProgress> = object({
  begin: whole(),
  end: nullable(whole()),
  phase: nullable(oneOf(LIFE_PHASES)),
  calls: whole(),
  lost: whole(),
});

/** The transient unit for the watch of a service in the background; an `@` would make it an instance. */
export const backgroundUnit = (unit: string): string => `sandbox-unit-learn-${unit.replaceAll('@', '\\x40')}`;

/** A service that is this program's to watch. */
export interface WatchLock {
  show(progress: WatchProgress): Promise<void>;
  release(): Promise<void>;
}

/**
 * Locks a service for a watch.
 * @throws UserError `watched` if another program watches it
 */
export async function lockForWatch({ system, placement }: Context, unit: string): Promise<WatchLock> {
  const letGo = await system.lock(watchLockPath(placement, unit), 0);
  if (!letGo) {
    const hint = `'${ownCommand(placement.scope, 'learn --stop', unit)}' ends that watch if it runs in the background`;
    throw new UserError(error('watched', `${unit} is already being watched`, { hint }), EXIT.failure);
  }
  const path = watchPath(placement, unit);
  return {
    show: (now) => system.replace(path, new TextEncoder().encode(JSON.stringify(now)), { mode: 0o600 }),
    release: async () => {
      await system.remove(path);
      letGo();
    },
  };
}

/** All watches under way, by the names of their services. Files that a killed watcher has left are removed. */
export async function underWatch(context: Context): Promise<UnderWatch[]> {
  const { system, placement } = context;
  const found: UnderWatch[] = [];
  for (const unit of (await system.list(watchesFolder(placement))).filter(isServiceName)) {
    const letGo = await system.lock(watchLockPath(placement, unit), 0);
    if (letGo) {
      await system.remove(watchPath(placement, unit));
      letGo();
      continue;
    }
    const now = await progressOf(context, unit);
    const name = backgroundUnit(unit);
    if (now) found.push({ unit, ...now, background: isDown(await system.unit(name)) ? null : name });
  }
  return found;
}

/** @returns undefined for a watch that is about to begin */
async function progressOf({ system, placement }: Context, unit: string): Promise<WatchProgress | undefined> {
  const file = await system.read(watchPath(placement, unit), { trusted: true });
  try {
    return progress(jsonOf(file?.bytes ?? new Uint8Array()), '');
  } catch (cause) {
    if (cause instanceof Misshapen) return undefined;
    throw cause;
  }
}
