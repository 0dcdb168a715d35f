import { readBack } from '../apply/read-back.js';
import type { Diagnostic } from '../diagnostic.js';
import { dropInPath } from '../emit/paths.js';
import type { Plan } from '../plan/plan.js';
import type { Context } from '../system/context.js';
import { isTemplate } from '../unit/name.js';
import type { LoadedUnit } from './load-unit.js';
import { servicesOf } from './services.js';

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

const naming = (service: string, one: Diagnostic): Diagnostic =>
  one.message.includes(service) ? one : { ...one, message: `${service}: ${one.message}` };
