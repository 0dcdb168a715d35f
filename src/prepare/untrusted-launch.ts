import { type Diagnostic, UserError } from '../diagnostic.js';
import { PACKAGED_LAUNCHER } from '../paths.js';
import {
  type Launch,
  loadedLaunch,
  pickedSources,
  plannedLaunch,
  untrustedPath,
} from '../plan/launcher/launch.js';
import type { Plan } from '../plan/plan.js';
import { mainPid } from '../state/main-process.js';
import type { Service } from '../state/service.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import type { EffectiveUnit } from '../unit/effective.js';
import { HOST, type NamespaceOf, type Untrusted, type View } from '../unit/view.js';

/**
 * Errors about paths by which a system service is started behind the launcher, if others than root can change them.
 * None if the launcher starts nothing. A user's own services are started by paths that the user can change.
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

/** Errors about untrusted paths of services that are loaded with a drop-in of ours, by their directives. */
export async function untrustedStarts(
  context: Context,
  own: Parameters<typeof loadedLaunch>[1],
  services: readonly Service[],
): Promise<Diagnostic[]> {
  const found = services.map(({ name, properties }) => {
    const launch = loadedLaunch(name, own, properties);
    return untrustedIn(context, launch, [HOST, launch.view]);
  });
  return (await Promise.all(found)).flat();
}

/**
 * Errors about untrusted paths of running services: by their directives, or, if these show none, as their processes see
 * the paths.
 */
export async function untrustedRuns(
  context: Context,
  own: Parameters<typeof loadedLaunch>[1],
  services: readonly Service[],
): Promise<Diagnostic[]> {
  const byDirectives = await untrustedStarts(context, own, services);
  if (byDirectives.length > 0) return byDirectives;
  const running = services.filter(({ properties }) => mainPid(properties) !== 0);
  const found = running.map(({ name, properties }) =>
    untrustedIn(context, loadedLaunch(name, own, properties), [{ process: mainPid(properties) }]),
  );
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
  tell(launch.paths[0]!, pickedSources(launch), false);
  for (const path of launch.starters.filter((one) => one.startsWith('/'))) {
    tell(path, await untrustedOn(context, path, launch.view), false);
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
    // Only root is told of a path that can't be looked at.
    if (superuser || !(cause instanceof UserError)) throw cause;
    return [];
  }
}
