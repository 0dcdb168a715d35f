import { EXIT, error, UserError } from '../../diagnostic.js';
import { groupFolders, parseHierarchies } from '../../formats/cgroup-mounts.js';
import { installedLauncher, PACKAGED_LAUNCHER } from '../../paths.js';
import { exists } from '../../prepare/load/exists.js';
import { noUnit, serviceName } from '../../prepare/load/load-unit.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import type { Service } from '../../state/service.js';
import type { Context } from '../../system/context.js';
import { isTemplate } from '../../unit/name.js';

/** A service that is to be watched. */
export interface Target extends Service {
  /** The folder of its control group, which exists while it runs. */
  readonly group: string;
}

/**
 * The services that names stand for.
 * @throws UserError `unit-template`, `no-unit`, `no-group`
 */
export async function targets(context: Context, names: readonly string[]): Promise<Target[]> {
  const found: Target[] = [];
  for (const name of names) {
    const service = await serviceOf(context, name);
    if (found.every((one) => one.name !== service.name)) {
      found.push({ ...service, group: await groupOf(context, service) });
    }
  }
  return found;
}

async function serviceOf(context: Context, text: string): Promise<Service> {
  const name = serviceName(text);
  if (isTemplate(name)) {
    const hint = `name an instance: ${name.prefix}@INSTANCE.service`;
    throw new UserError(
      error('unit-template', `${name.full} is a template, no service`, { hint }),
      EXIT.failure,
    );
  }
  const { exists: isThere, services } = await namedUnit(context, text);
  if (!isThere) throw await noUnit(context, name);
  return services[0]!;
}

/** The folder of a control group. The manager has none for a service that is down: it will be made in its slice's. */
async function groupOf({ system }: Context, { name, state }: Service): Promise<string> {
  const slice = state.controlGroup === '' ? await system.anyUnit(state.slice) : undefined;
  const group = slice ? `${slice.controlGroup}/${name}` : state.controlGroup;
  const file = await system.read('/proc/self/mountinfo');
  const hierarchies = parseHierarchies(new TextDecoder().decode(file?.bytes));
  const [folder] = slice?.controlGroup === '' ? [] : groupFolders(hierarchies, group);
  if (folder !== undefined) return folder;
  const hint = 'start the service first';
  throw new UserError(
    error('no-group', `${name} has no control group yet, nor has its slice`, { hint }),
    EXIT.failure,
  );
}

/** Where systemd is, and what it executes between the fork and a service's program; the first since version 255. */
const MANAGERS = [
  '/usr/lib/systemd/systemd-executor',
  '/usr/lib/systemd/systemd',
  '/lib/systemd/systemd-executor',
  '/lib/systemd/systemd',
];

/** Programs that set a service up before its own begins, by their inodes: their calls aren't the service's. */
export const setupPrograms = ({ system }: Context): Promise<string[]> => existing(system, MANAGERS);

/** Such programs that a script of the service may execute, too: with `[exec] programs` they are in a daemon's place. */
export const launcherPrograms = ({ system, placement }: Context): Promise<string[]> =>
  existing(system, [installedLauncher(placement), PACKAGED_LAUNCHER]);

async function existing(system: Context['system'], candidates: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of candidates) if (await exists(system, path)) found.push(path);
  return found;
}
