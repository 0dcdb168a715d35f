import { systemctl } from '../../command-lines.js';
import { type Diagnostic, error } from '../../diagnostic.js';
import { MAX_MOUNTS, parseRoots } from '../../formats/mount-info.js';
import type { Plan } from '../../plan/plan.js';
import type { System } from '../../system/system.js';
import type { UnitState } from '../../system/unit-state.js';
import type { Scope } from '../../unit/search.js';
import { executable, GONE } from './confinement.js';

/** A service that was started with programs mounted. */
export interface Mounted {
  readonly unit: string;
  readonly scope: Scope;
  /** The mount point of each program. */
  readonly places: readonly string[];
}

/** The mounts of a plan, for a service that runs by it. */
export const mountedBy = ({ programs, target }: Plan, unit: string): Mounted => ({
  unit,
  scope: target.scope,
  places: programs.map(({ place }) => place),
});

/**
 * Errors about `[exec] programs` that were replaced while a service runs, as every upgrade does. If a file is renamed
 * over, the kernel takes away what is mounted on it, in every mount namespace. The service then starts the new program
 * there, without the launcher. Processes that run already stay confined.
 */
export async function replacedPrograms(
  system: System,
  { unit, scope, places }: Mounted,
  state: UnitState,
): Promise<Diagnostic[]> {
  const pid = state.mainPid;
  if (places.length === 0 || pid === 0) return [];
  // A process may mount more than is read, but in a namespace of its own, where nothing of ours is replaced.
  const file = await system.read(`/proc/${pid}/mountinfo`, { limit: MAX_MOUNTS, head: true });
  const roots = parseRoots(new TextDecoder().decode(file?.bytes));
  const running = await executable(system, pid);
  // A process that has changed its root sees no mounts outside of it.
  const gone = places.filter(
    (place) => roots.get(place)?.endsWith('//deleted') || running === `${place}${GONE}`,
  );
  return gone.map((place) => {
    const name = place.slice(place.lastIndexOf('/') + 1);
    const message = `the program '${name}' was replaced while ${unit} runs: what it starts of it from now on isn't confined`;
    return error('program-replaced', message, {
      hint: `'${systemctl(scope, 'restart', unit)}' starts the new one`,
    });
  });
}
