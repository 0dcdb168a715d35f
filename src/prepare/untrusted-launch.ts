import { type Diagnostic, UserError } from '../diagnostic.js';
import { PACKAGED_INJECTOR, PACKAGED_LAUNCHER } from '../paths/programs.js';
import {
  type Launch,
  loadedLaunch,
  type OwnFiles,
  pickedSources,
  plannedLaunch,
  untrustedPath,
} from '../plan/launcher/launch-paths.js';
import type { Plan } from '../plan/plan.js';
import type { Service } from '../state/service.js';
import type { Context } from '../system/context.js';
import type { UnitState } from '../system/unit-state.js';
import type { EffectiveUnit } from '../unit/effective.js';
import { HOST, type NamespaceOf, type Untrusted, type View } from '../unit/view.js';

/**
 * Errors about paths by which a system service is started behind the launcher, or its filter of `[ready]` is loaded, if
 * others than root can change them. None if no program of ours has a part in it. A user's own services are started by paths that the user can change.
 */
export async function untrustedLaunch(
  context: Context,
  plan: Plan,
  effective: EffectiveUnit,
  loaded?: UnitState,
): Promise<Diagnostic[]> {
  const launch = plannedLaunch(plan, effective, [PACKAGED_LAUNCHER, PACKAGED_INJECTOR], loaded?.properties);
  return launch && isLookedAt(context) ? untrustedByDirectives(context, launch) : [];
}

/** Errors about untrusted paths of services that are loaded with a drop-in of ours, by their directives. */
export const untrustedStarts = (
  context: Context,
  own: OwnFiles,
  services: readonly Service[],
): Promise<Diagnostic[]> => untrustedStartsOf(context, launchesOf(context, own, services));

/**
 * Errors about untrusted paths of running services: by their directives, or, if these show none, as their processes see
 * the paths.
 */
export async function untrustedRuns(
  context: Context,
  own: OwnFiles,
  services: readonly Service[],
): Promise<Diagnostic[]> {
  const launches = launchesOf(context, own, services);
  const byDirectives = await untrustedStartsOf(context, launches);
  if (byDirectives.length > 0) return byDirectives;
  const found = launches.map(async ({ launch, process }) =>
    process === 0 ? [] : errorsOf(launch, await untrustedPaths(context, launch.paths, { process }), true),
  );
  return (await Promise.all(found)).flat();
}

/** Whether paths are looked at: a user's own services are started by paths that the user can change. */
const isLookedAt = ({ placement, offline }: Context): boolean => !offline && placement.scope !== 'user';

/** The start of a service, and its main process; 0 if it doesn't run. */
interface Started {
  readonly launch: Launch;
  readonly process: number;
}

const launchesOf = (context: Context, own: OwnFiles, services: readonly Service[]): Started[] =>
  (isLookedAt(context) && (own.launched || own.loading) ? services : []).map(({ name, state }) => ({
    launch: loadedLaunch(name, own, state.properties),
    process: state.mainPid,
  }));

async function untrustedStartsOf(context: Context, launches: readonly Started[]): Promise<Diagnostic[]> {
  const found = launches.map(({ launch }) => untrustedByDirectives(context, launch));
  return (await Promise.all(found)).flat();
}

/** A path of a launch, and the files on the way to it that others than root can change. */
interface UntrustedPath {
  readonly path: string;
  readonly untrusted: readonly Untrusted[];
}

/** Errors about the paths of a launch as the host and as the service sees them, its starters and its images. */
async function untrustedByDirectives(context: Context, launch: Launch): Promise<Diagnostic[]> {
  const all = [...launch.paths, ...launch.privileged];
  const first = all[0]!;
  const found = [
    ...(await untrustedPaths(context, all, HOST)),
    ...(await untrustedPaths(context, all, launch.view)),
    { path: first, untrusted: pickedSources(launch) },
  ];
  for (const path of launch.starters.filter((one) => one.startsWith('/'))) {
    found.push({ path, untrusted: await untrustedOn(context, path, launch.view) });
  }
  for (const { source, by } of launch.images) {
    const untrusted = await untrustedOn(context, source, HOST);
    found.push({ path: first, untrusted: untrusted.map((one) => ({ ...one, by })) });
  }
  return errorsOf(launch, found, false);
}

async function untrustedPaths(
  context: Context,
  paths: readonly string[],
  view: View | NamespaceOf,
): Promise<UntrustedPath[]> {
  const found: UntrustedPath[] = [];
  for (const path of paths) found.push({ path, untrusted: await untrustedOn(context, path, view) });
  return found;
}

/** Errors that name each untrusted file once. @param isInside whether a process's own view was looked at */
function errorsOf(launch: Launch, found: readonly UntrustedPath[], isInside: boolean): Diagnostic[] {
  const told = new Set<string>();
  return found.flatMap(({ path, untrusted }) => {
    const more = untrusted.filter((one) => !told.has(one.path));
    for (const one of more) told.add(one.path);
    return untrustedPath(launch, path, more, isInside);
  });
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
