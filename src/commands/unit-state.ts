import { hasFailed, isOutdated, isRunning } from '../apply/activate.js';
import { mainPid, runsFree } from '../apply/confinement.js';
import type { DropInFacts } from '../emit/drop-in-facts.js';
import type { System, UnitProperties } from '../system/system.js';
import { dropInsOf, type Service } from './services.js';

/**
 * `live`: it runs with what was written; `restart-due`: it has run since before; `reload-due`: the manager has yet to
 * read the drop-in; `not-read`: it reads another one in its place, or none; `failed`: it doesn't run, and should;
 * `no-unit`: there is none for the drop-in.
 */
export type State = 'live' | 'restart-due' | 'reload-due' | 'not-read' | 'failed' | 'not-running' | 'no-unit';

/** Those that most is to be done for come first. */
const URGENT: readonly State[] = ['no-unit', 'not-read', 'reload-due', 'failed', 'restart-due', 'live'];

/**
 * How the services stand that a drop-in is for; of the instances of a template the one that most is to be done for.
 * @param path the drop-in
 * @param written when it and what belongs to it was written, in milliseconds since 1970
 */
export function stateOf(services: readonly Service[], path: string, written: number): State {
  const states = services.map(({ properties }) => serviceState(properties, path, written));
  return URGENT.find((state) => states.includes(state)) ?? 'not-running';
}

function serviceState(loaded: UnitProperties, path: string, written: number): State {
  if (loaded.get('LoadState') === 'not-found') return 'no-unit';
  if (loaded.get('NeedDaemonReload') === true) return 'reload-due';
  if (!dropInsOf(loaded).includes(path)) return 'not-read';
  if (hasFailed(loaded) || isFailing(loaded)) return 'failed';
  if (!isRunning(loaded)) return 'not-running';
  return isOutdated(loaded, written) ? 'restart-due' : 'live';
}

/** Whether the main process of one of these runs without what its drop-in gives it, whatever the times of files say. */
export async function runFree(
  system: System,
  services: readonly Service[],
  facts: DropInFacts,
): Promise<boolean> {
  if (!facts.filtered) return false;
  const pids = services.map(({ properties }) => mainPid(properties)).filter((pid) => pid !== 0);
  const found = await Promise.all(pids.map((pid) => runsFree(system, pid, facts)));
  return found.includes(true);
}

/** Whether it has failed and waits for its next start (Restart=). */
const isFailing = (loaded: UnitProperties): boolean =>
  String(loaded.get('SubState')).startsWith('auto-restart');
