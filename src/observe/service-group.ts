import { failure } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import type { Service } from '../machine/state/service.js';
import { loadedLines } from '../systemd/directives/loaded.js';
import { allExpected } from '../systemd/directives/values/mounts.js';
import { groupFolders, parseHierarchies } from '../systemd/formats/cgroup-mounts.js';
import type { Placement } from '../systemd/paths/placement.js';
import {
  builtProgram,
  installedLauncher,
  installedProgram,
  PACKAGED_INJECTOR,
  PACKAGED_LAUNCHER,
} from '../systemd/paths/programs.js';
import { Observer, type ObserverOptions } from './observer.js';

/**
 * The folder of a service's control group. The manager has none for a service that is down: it will be made in its slice's.
 * @throws UserError `no-cgroup`
 */
export async function groupFolder({ system }: Context, { name, state }: Service): Promise<string> {
  const slice = state.controlGroup === '' ? await system.anyUnit(state.slice) : undefined;
  const group = slice ? `${slice.controlGroup}/${name}` : state.controlGroup;
  const file = await system.read('/proc/self/mountinfo');
  const hierarchies = parseHierarchies(new TextDecoder().decode(file?.bytes));
  const [folder] = slice?.controlGroup === '' ? [] : groupFolders(hierarchies, group);
  if (folder !== undefined) return folder;
  const hint = 'start the service first';
  throw failure('no-cgroup', `neither ${name} nor its slice has a control group yet`, { hint });
}

/**
 * Where systemd is, and what it executes between the fork and a service's program, the first since version 255. Their calls
 * aren't the service's. The observer leaves out what isn't there.
 */
const MANAGERS = [
  '/usr/lib/systemd/systemd-executor',
  '/usr/lib/systemd/systemd',
  '/lib/systemd/systemd-executor',
  '/lib/systemd/systemd',
];

/**
 * Programs that systemd executes for a service, and that load filters into one, wherever they run: neither their calls are the
 * service's, nor those that they have its threads make.
 */
export const setups = ({
  placement,
  home,
  machine,
}: Pick<Context, 'placement' | 'home' | 'machine'>): readonly string[] => [
  ...MANAGERS,
  installedProgram(placement, 'tighten'),
  PACKAGED_INJECTOR,
  builtProgram(home, machine, 'tighten'),
];

/** Where launchers may be. A script of the service may execute them, too. */
export const launchers = (placement: Placement): readonly string[] => [
  installedLauncher(placement),
  PACKAGED_LAUNCHER,
];

/** The most paths that are looked for as hidden: HIDDEN of native-helper/observe-bpf/tables.h. */
const MOST_HIDDEN = 32;

/** The paths that the mounts of services hide from them, by the lines that the manager has loaded. */
export function hiddenPaths(services: readonly Service[]): string[][] {
  let room = MOST_HIDDEN;
  return services.map(({ state }) => {
    const hiding = allExpected(loadedLines((name) => state.properties.get(name))).filter(
      ({ is }) => is === 'inaccessible' || is === 'private',
    );
    const paths = new Set(hiding.map(({ path }) => path).filter((path) => path !== '/'));
    const some = [...paths].slice(0, room);
    room -= some.length;
    return some;
  });
}

/**
 * Starts an observer of services: what systemd and this program execute for one isn't its own. An observer of refusals also
 * sees who looks for what mounts hide.
 * @throws UserError `no-cgroup`, and as Observer.start()
 */
export async function observeServices(
  context: Context,
  services: readonly Service[],
  options: Omit<ObserverOptions, 'groups' | 'setups' | 'launchers' | 'hidden'>,
): Promise<Observer> {
  const groups: string[] = [];
  for (const service of services) groups.push(await groupFolder(context, service));
  const programs = { setups: setups(context), launchers: launchers(context.placement) };
  const hidden = options.sees === 'refused' ? hiddenPaths(services) : [];
  return Observer.start(context, { ...options, ...programs, groups, hidden });
}

/** The error of watches that are root's alone. */
export const NEEDS_ROOT = failure('needs-root', 'only root can watch a service');
