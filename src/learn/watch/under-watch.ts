/** Services under watch. Each has a lock, which the end of its watcher releases, and a file that tells how it goes. */

import { ownCommand } from '../../command-lines.js';
import { EXIT, error, UserError } from '../../diagnostic.js';
import { LIFE_PHASES, type LifePhase } from '../../evidence/recording/recording.js';
import {
  type Check,
  jsonOf,
  Misshapen,
  nullable,
  object,
  oneOf,
  text,
  that,
  whole,
} from '../../evidence/recording/shape.js';
import { watchesFolder, watchLockPath, watchPath } from '../../paths/records.js';
import type { Context } from '../../system/context.js';
import { isServiceName } from '../../unit/name.js';

/** A watch under way. */
export interface UnderWatch {
  readonly unit: string;
  /** Milliseconds since 1970. */
  readonly begin: number;
  /** Milliseconds since 1970; null where the user ends it. */
  readonly end: number | null;
  /** The transient unit that it runs in; null for one in the foreground. */
  readonly background: string | null;
  readonly phase: LifePhase | null;
  /** The number of distinct calls so far. */
  readonly calls: number;
  readonly lost: number;
}

const service = that(text(/^/, 'a text'), (name) =>
  isServiceName(name) ? undefined : 'the name of a service',
);

const shape: Check<UnderWatch> = object({
  unit: service,
  begin: whole(),
  end: nullable(whole()),
  background: nullable(service),
  phase: nullable(oneOf(LIFE_PHASES)),
  calls: whole(),
  lost: whole(),
});

/** A service that is this program's to watch. */
export interface Claim {
  /** Tells how the watch goes. */
  tell(state: UnderWatch): Promise<void>;
  release(): Promise<void>;
}

/**
 * Claims a service for a watch.
 * @throws UserError `watched` if another program watches it
 */
export async function claim({ system, placement }: Context, unit: string): Promise<Claim> {
  const letGo = await system.lock(watchLockPath(placement, unit), 0);
  if (!letGo) {
    const hint = `'${ownCommand(placement.scope, 'learn --stop', unit)}' ends that, if it runs in the background`;
    throw new UserError(error('watched', `${unit} is being watched already`, { hint }), EXIT.failure);
  }
  const path = watchPath(placement, unit);
  return {
    tell: (state) => system.replace(path, new TextEncoder().encode(JSON.stringify(state)), { mode: 0o600 }),
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
    const state = await stateOf(context, unit);
    if (state) found.push(state);
  }
  return found;
}

/** @returns undefined for a watch that has not told of itself yet */
async function stateOf({ system, placement }: Context, unit: string): Promise<UnderWatch | undefined> {
  const file = await system.read(watchPath(placement, unit), { trusted: true });
  try {
    const state = shape(jsonOf(file?.bytes ?? new Uint8Array()), '');
    return state.unit === unit ? state : undefined;
  } catch (cause) {
    if (cause instanceof Misshapen) return undefined;
    throw cause;
  }
}
