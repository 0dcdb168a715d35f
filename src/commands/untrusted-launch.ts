import { mainPid } from '../apply/confinement.js';
import { isManagersNamespace } from '../apply/vouched-launcher.js';
import { type Diagnostic, UserError } from '../diagnostic.js';
import { PACKAGED_LAUNCHER } from '../emit/paths.js';
import { type Launch, loadedLaunch, plannedLaunch, untrustedPath } from '../plan/launch.js';
import type { Plan } from '../plan/plan.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
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
  loaded?: UnitProperties,
): Promise<Diagnostic[]> {
  const launch = plannedLaunch(plan, effective, PACKAGED_LAUNCHER, loaded);
  return launch ? untrustedIn(context, launch, [HOST, launch.view]) : [];
}

/** The same of services that are loaded with a drop-in of ours; where their directives show nothing, as those see it that run. */
export async function untrustedStarts(
  context: Context,
  own: Parameters<typeof loadedLaunch>[1],
  services: readonly Service[],
): Promise<Diagnostic[]> {
  const found = services.map(async ({ name, properties }) => {
    const launch = loadedLaunch(name, own, properties);
    const byDirectives = await untrustedIn(context, launch, [HOST, launch.view]);
    const pid = mainPid(properties);
    const isSeen = byDirectives.length === 0 && pid !== 0 && (await isManagersNamespace(context.system, pid));
    return isSeen ? untrustedIn(context, launch, [{ process: pid }]) : byDirectives;
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
  const told = new Set<string>();
  const found: Diagnostic[] = [];
  const tell = (path: string, untrusted: readonly Untrusted[], isInside: boolean) => {
    const more = untrusted.filter((one) => !told.has(one.path));
    for (const one of more) told.add(one.path);
    found.push(...untrustedPath(launch, path, more, isInside));
  };
  for (const view of views) {
    for (const path of launch.paths) tell(path, await untrustedOn(context, path, view), 'process' in view);
  }
  for (const { source, by } of launch.images) {
    const untrusted = await untrustedOn(context, source, HOST);
    tell(
      launch.paths[0]!,
      untrusted.map((one) => ({ ...one, by })),
      false,
    );
  }
  return found;
}

async function untrustedOn(
  { system, superuser }: Context,
  path: string,
  view: View | NamespaceOf,
): Promise<readonly Untrusted[]> {
  try {
    return (await system.walk(path, view)).untrusted;
  } catch (cause) {
    // Root is told what only root may look at.
    if (superuser || !(cause instanceof UserError)) throw cause;
    return [];
  }
}
