/** The folders of a manager, by how long files are to last. */

import type { Scope } from '../unit/search.js';

/**
 * The time that files are for: `always`; `runtime`, until the next boot; `run`, for one run of a service. Files for
 * `run` take the place of others, and last until the next boot at most.
 */
export type Lifetime = 'always' | 'runtime' | 'run';

/** Lifetimes in systemd's order of folders (systemd.unit(5)): of drop-ins of one name it reads the first. */
export const LIFETIMES: readonly Lifetime[] = ['run', 'always', 'runtime'];

export interface Placement {
  readonly scope: Scope;
  readonly lifetime: Lifetime;
  /** The user's home and runtime directory; for scope `user`. */
  readonly home?: string;
  readonly runtimeDirectory?: string;
}

export const runtimeFolder = ({ scope, runtimeDirectory }: Placement): string =>
  `${scope === 'system' ? '/run' : runtimeDirectory}/sandbox-unit`;

/**
 * The folder of compiled code, which Node keeps from one command to the next.
 * @param runtime `/run`, or a user's runtime directory
 */
export const compiledFolder = (runtime: string): string => `${runtime}/sandbox-unit/compiled`;

/** The folder in which the manager keeps the files of transient units, as long as they are loaded. */
export const transientFolder = ({ scope, runtimeDirectory }: Placement): string =>
  `${scope === 'system' ? '/run' : runtimeDirectory}/systemd/transient`;

export function unitDirectory({ scope, lifetime, home, runtimeDirectory }: Placement): string {
  const runtime = scope === 'system' ? '/run' : runtimeDirectory;
  if (lifetime === 'run') return `${runtime}/systemd/${scope}.control`;
  if (lifetime === 'runtime') return `${runtime}/systemd/${scope}`;
  return scope === 'system' ? '/etc/systemd/system' : `${home}/.config/systemd/user`;
}

/** The first version of systemd by which a user's state isn't among the configuration. */
const HAS_STATE_HOME = 254;

/**
 * The folders that a unit's own are below, by the directives that give them, where nothing else is said to a user's
 * manager (systemd.exec(5)); undefined for the system's manager.
 * @param systemd its version
 */
export function userFolders(
  { scope, home, runtimeDirectory }: Placement,
  systemd: number,
): ReadonlyMap<string, string> | undefined {
  if (scope === 'system') return undefined;
  const state = `${home}/${systemd < HAS_STATE_HOME ? '.config' : '.local/state'}`;
  return new Map([
    ['CacheDirectory', `${home}/.cache`],
    ['ConfigurationDirectory', `${home}/.config`],
    ['LogsDirectory', `${state}/log`],
    ['RuntimeDirectory', `${runtimeDirectory}`],
    ['StateDirectory', state],
  ]);
}

export const places = (placement: Placement): Placement[] =>
  LIFETIMES.map((lifetime) => ({ ...placement, lifetime }));

/** The folders of units that may have drop-ins of ours, in the order of LIFETIMES. */
export const unitDirectories = (placement: Placement): string[] => places(placement).map(unitDirectory);

/** Whether a path of ours is gone with the next boot. */
export const isRuntimePath = (placement: Placement, path: string): boolean =>
  places(placement).some(
    (place) => place.lifetime !== 'always' && path.startsWith(`${unitDirectory(place)}/`),
  );
