import { mainPid } from '../apply/confinement.js';
import { type Diagnostic, UserError } from '../diagnostic.js';
import { type Launch, launchPaths, loadedLaunch, untrustedPath } from '../plan/launch.js';
import type { Context } from '../system/context.js';
import { HOST, type NamespaceOf, type Untrusted, type View } from '../unit/view.js';
import type { Service } from './services.js';

/**
 * What others than root can change of the way in which a service of the system is started behind the launcher: an error
 * a place, none where the launcher starts nothing. A user's own services are started by what the user can change.
 */
export const untrustedLaunch = async (context: Context, launch: Launch | undefined): Promise<Diagnostic[]> =>
  launch ? untrustedIn(context, launch, [HOST, launch.view]) : [];

/** The same of services that are loaded with a drop-in of ours, also as those see it that run. */
export async function untrustedStarts(
  context: Context,
  own: Parameters<typeof loadedLaunch>[0],
  services: readonly Service[],
): Promise<Diagnostic[]> {
  const found = services.map(({ name, properties }) => {
    const launch = loadedLaunch({ ...own, unit: name }, properties);
    const pid = mainPid(properties);
    return untrustedIn(context, launch, [HOST, launch.view, ...(pid === 0 ? [] : [{ process: pid }])]);
  });
  return (await Promise.all(found)).flat();
}

async function untrustedIn(
  context: Context,
  launch: Launch,
  views: readonly (View | NamespaceOf)[],
): Promise<Diagnostic[]> {
  const { placement, offline } = context;
  if (offline || placement.scope === 'user') return [];
  const found = new Map<string, Diagnostic>();
  for (const view of views) {
    for (const path of launchPaths(launch)) {
      const isInside = 'process' in view;
      const untrusted = await untrustedOn(context, path, view);
      const place = `${isInside} ${untrusted?.path}`;
      if (untrusted && !found.has(place))
        found.set(place, untrustedPath(launch.unit, path, untrusted, isInside));
    }
  }
  return [...found.values()];
}

async function untrustedOn(
  { system, superuser }: Context,
  path: string,
  view: View | NamespaceOf,
): Promise<Untrusted | undefined> {
  try {
    return (await system.walk(path, view)).untrusted;
  } catch (cause) {
    // Root is told what only root may look at.
    if (superuser || !(cause instanceof UserError)) throw cause;
    return undefined;
  }
}
