import { mainPid } from '../apply/confinement.js';
import { type Diagnostic, UserError } from '../diagnostic.js';
import { PACKAGED_LAUNCHER } from '../emit/paths.js';
import { type Launch, loadedLaunch, plannedLaunch, untrustedPath } from '../plan/launch.js';
import type { Plan } from '../plan/plan.js';
import type { Context } from '../system/context.js';
import type { EffectiveUnit } from '../unit/effective.js';
import { HOST, type NamespaceOf, type Untrusted, type View } from '../unit/view.js';
import type { Service } from './services.js';

/**
 * What others than root can change of the way in which a service of the system is started behind the launcher: an error
 * a place, none where the launcher starts nothing. A user's own services are started by what the user can change.
 */
export async function untrustedLaunch(
  context: Context,
  plan: Plan,
  effective: EffectiveUnit,
): Promise<Diagnostic[]> {
  const launch = plannedLaunch(plan, effective, PACKAGED_LAUNCHER);
  return launch ? untrustedIn(context, launch, [HOST, launch.view]) : [];
}

/** The same of services that are loaded with a drop-in of ours, also as those see it that run. */
export async function untrustedStarts(
  context: Context,
  own: Parameters<typeof loadedLaunch>[1],
  services: readonly Service[],
): Promise<Diagnostic[]> {
  const found = services.map(({ name, properties }) => {
    const launch = loadedLaunch(name, own, properties);
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
    for (const path of launch.paths) {
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
