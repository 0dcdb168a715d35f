import { type Diagnostic, UserError } from '../diagnostic.js';
import { type Launch, launchPaths, untrustedPath } from '../plan/launch.js';
import type { Context } from '../system/context.js';
import { HOST } from '../unit/view.js';

/**
 * What others than root can change of the way in which a service of the system is started behind the launcher: an error
 * a place, none where the launcher starts nothing. A user's own services are started by what the user can change.
 */
export async function untrustedLaunch(
  { system, placement, offline, superuser }: Context,
  launch: Launch | undefined,
): Promise<Diagnostic[]> {
  if (offline || placement.scope === 'user' || launch === undefined) return [];
  const found = new Map<string, Diagnostic>();
  for (const path of launchPaths(launch)) {
    for (const view of [HOST, launch.view]) {
      try {
        const { untrusted } = await system.walk(path, view);
        if (untrusted && !found.has(untrusted.path))
          found.set(untrusted.path, untrustedPath(launch.unit, path, untrusted));
      } catch (cause) {
        // What only root may look at is told to root.
        if (superuser || !(cause instanceof UserError)) throw cause;
      }
    }
  }
  return [...found.values()];
}
