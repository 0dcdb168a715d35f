import { type Diagnostic, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { orElse } from '../machine/state/failures.js';
import type { Service } from '../machine/state/service.js';
import { commandsOf, type UnitState } from '../machine/unit-state.js';
import type { EmittedFile } from '../plan/emit/files.js';
import { interpretersOf } from '../plan/launcher/interpreters.js';
import {
  type Launch,
  loadedLaunch,
  type OwnFiles,
  plannedLaunch,
  untrustedPath,
} from '../plan/launcher/launch-paths.js';
import type { LooseProgram } from '../plan/launcher/loose-programs.js';
import type { Plan } from '../plan/plan.js';
import { HEAD_SIZE, readProgram } from '../systemd/formats/elf.js';
import { filterPath, readyFilterPath } from '../systemd/paths/own-files.js';
import { PACKAGED_INJECTOR, PACKAGED_LAUNCHER } from '../systemd/paths/programs.js';
import type { Target } from '../systemd/target/target.js';
import type { EffectiveUnit } from '../systemd/unit/effective.js';
import { EXEC_KEYS } from '../systemd/unit/exec/keys.js';
import type { UnitName } from '../systemd/unit/name.js';
import { HOST, type RootView, type Untrusted, type Walked } from '../systemd/unit/view.js';

/**
 * Errors about paths by which a system service is started behind the launcher, its filter of `[ready]` is loaded, or
 * commands are started that neither holds, if others than root can change them. A user's own services are started by paths
 * that the user can change.
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

/** A unit's services, and its files of ours. */
interface LaunchedUnit {
  readonly unit: { readonly name: UnitName; readonly services: readonly Service[] };
  readonly files: readonly EmittedFile[];
}

/** Errors about untrusted paths of services that are loaded with a drop-in of ours, by their directives. */
export function untrustedStarts(
  context: Context,
  { unit: { name, services }, files }: LaunchedUnit,
  { launcher, injector }: Pick<Target, 'launcher' | 'injector'>,
): Promise<Diagnostic[]> {
  const loaded = (program: string, filter: string) =>
    files.some(({ path }) => path === filter) ? { program, filter } : undefined;
  const launched = loaded(launcher, filterPath(context.placement, name.full));
  const loading = loaded(injector, readyFilterPath(context.placement, name.full));
  return untrustedStartsOf(context, launchesOf(context, { launched, loading }, services));
}

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
    process === 0 ? [] : errorsOf(launch, await untrustedInside(context, launch.paths, process), true),
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
  (isLookedAt(context) ? services : []).map(({ name, state }) => ({
    launch: loadedLaunch(
      name,
      own,
      state.properties,
      EXEC_KEYS.flatMap((key) => commandsOf(state, key).map((command) => ({ ...command, key }))),
    ),
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

/** Errors about the paths of a launch as the host and as the service sees them, its loose programs and its images. */
async function untrustedByDirectives(context: Context, launch: Launch): Promise<Diagnostic[]> {
  const all = [...launch.paths, ...launch.privileged];
  const found = [
    ...(isHosts(launch.view) ? [] : await untrustedPaths(context, all, HOST)),
    ...(await untrustedPaths(context, all, launch.view)),
  ];
  for (const one of launch.loose) found.push(...(await untrustedProgram(context, launch, one)));
  for (const path of all.slice(0, 1))
    for (const { source, by } of launch.images) {
      const { untrusted } = await walked(context, source, HOST);
      found.push({ path, untrusted: untrusted.map((one) => ({ ...one, by })) });
    }
  return errorsOf(launch, found, false);
}

/** Whether a service has the host's files: what others can change on its way is all that they can on the host's. */
const isHosts = ({ root, binds }: RootView): boolean => root === HOST.root && binds.length === 0;

/** The files on the way to a loose program, and to the interpreters of one that is a script, that others can change. */
async function untrustedProgram(
  context: Context,
  launch: Launch,
  { paths }: LooseProgram,
): Promise<UntrustedPath[]> {
  // The root and the bind mounts are those of a command with `+`, too.
  const { view } = launch;
  const { found, named, real } = await firstOf(context, paths, view);
  const { real: here } = named === undefined ? {} : await walked(context, named, HOST);
  // A recorded machine has what its units name by these names.
  const file = real === here ? named : real;
  const read = async () => file && context.system.read(file, { limit: HEAD_SIZE, head: true });
  const head = await orElse(read, undefined);
  const [interpreter, ...started] = head ? interpretersOf(readProgram(head.bytes)) : [];
  if (interpreter === undefined) return found;
  const next = [await firstOf(context, [interpreter], view), await firstOf(context, started, view)];
  return [...found, ...next.flatMap((one) => one.found)];
}

/** Follows paths up to the first at which a file is. */
async function firstOf(context: Context, paths: readonly string[], view: RootView) {
  const found: UntrustedPath[] = [];
  for (const path of paths) {
    const { real, untrusted } = await walked(context, path, view);
    found.push({ path, untrusted });
    if (real !== undefined) return { found, named: path, real };
  }
  return { found, named: undefined, real: undefined };
}

const untrustedPaths = (
  context: Context,
  paths: readonly string[],
  view: RootView,
): Promise<UntrustedPath[]> =>
  Promise.all(
    paths.map(async (path) => ({ path, untrusted: (await walked(context, path, view)).untrusted })),
  );

/** Paths as a process sees them; nothing is found where its mount namespace isn't looked at. */
async function untrustedInside(
  { system, superuser }: Context,
  paths: readonly string[],
  process: number,
): Promise<UntrustedPath[]> {
  const look = () => system.walkIn(process, paths);
  const inside = superuser ? await look() : await orElse(look, undefined);
  return paths.map((path) => ({ path, untrusted: inside?.get(path)?.untrusted ?? [] }));
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

async function walked({ system, superuser }: Context, path: string, view: RootView): Promise<Walked> {
  try {
    return await system.walk(path, view);
  } catch (cause) {
    // Only root is told of a path that can't be looked at.
    if (superuser || !(cause instanceof UserError)) throw cause;
    return { real: undefined, untrusted: [] };
  }
}
