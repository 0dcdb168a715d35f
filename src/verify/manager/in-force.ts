import type { Diagnostic } from '../../diagnostic.js';
import { dropInPath } from '../../paths.js';
import type { Plan } from '../../plan/plan.js';
import type { LoadedUnit } from '../../prepare/load/load-unit.js';
import type { Prepared } from '../../prepare/prepare.js';
import { type Service, servicesOf } from '../../state/service.js';
import { areSetsOf } from '../../syscalls/sets.js';
import type { Context } from '../../system/context.js';
import { isTemplate } from '../../unit/name.js';
import { parseUnitFile } from '../../unit/unit-file.js';
import { CALL_LISTS } from './loaded-calls.js';
import { loadedOtherwise } from './loaded-otherwise.js';
import { readBack } from './read-back.js';

/** What the manager has of a unit. */
type Loaded = Pick<LoadedUnit, 'name' | 'properties' | 'services'>;

/** A unit as the manager has it now. */
export async function loadedNow(context: Context, { name, properties }: Loaded): Promise<Loaded> {
  const services = await servicesOf(context, name);
  if (!isTemplate(name)) return { name, services, properties: services[0]!.properties };
  return { name, services, properties: await context.system.unit(String(properties!.get('Id'))) };
}

/**
 * What the manager has loaded otherwise than planned, of a template for each of its instances.
 * @param before the same before our drop-in was written
 */
export function notInForce(
  { placement }: Context,
  plan: Plan,
  loaded: Loaded,
  before?: Loaded,
): Diagnostic[] {
  const dropIn = dropInPath(placement, plan.unit);
  const was = new Map(before?.services.map(({ name, properties }) => [name, properties]));
  const all = isTemplate(loaded.name) ? readBack(plan, dropIn, loaded.properties!, before?.properties) : [];
  if (all.length > 0) return all;
  return loaded.services.flatMap(({ name, properties }) =>
    readBack({ ...plan, unit: name }, dropIn, properties, was.get(name)).map((one) => naming(name, one)),
  );
}

/**
 * Whether the manager has other lists of calls than the drop-in, which is there as planned. readBack() takes some calls for
 * what libseccomp doesn't know.
 */
export function hasOtherCalls(
  { placement }: Context,
  { plan, files }: Prepared,
  services: readonly Service[],
) {
  const path = dropInPath(placement, plan.unit);
  const dropIn = files.find((file) => file.path === path);
  if (!dropIn) return false;
  const { systemd, version, machine, sets } = plan.target;
  const reader = { systemd, machine, sets: areSetsOf(sets, version) ? sets : undefined };
  const file = parseUnitFile(path, dropIn.content);
  return services.some(({ properties }) =>
    loadedOtherwise(file, properties, reader).some((name) => CALL_LISTS.includes(name)),
  );
}

const naming = (service: string, one: Diagnostic): Diagnostic =>
  one.message.includes(service) ? one : { ...one, message: `${service}: ${one.message}` };
