import type { Diagnostic } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { servicesOf } from '../../machine/state/service.js';
import type { LoadedUnit } from '../../prepare/load/load-unit.js';
import type { Prepared } from '../../prepare/prepare.js';
import { dropInPath } from '../../systemd/paths/own-files.js';
import { isTemplate } from '../../systemd/unit/name.js';
import { parseUnitFile } from '../../systemd/unit/unit-file.js';
import { type PlannedDropIn, readBack } from './read-back.js';

/** A unit and its services as the manager has them. */
type LoadedServices = Pick<LoadedUnit, 'name' | 'state' | 'services'>;

/** Files of ours that were prepared for a unit without errors. */
interface WithDropIn extends Pick<Prepared, 'unit' | 'files'> {
  readonly plan: Omit<PlannedDropIn, 'dropIn'>;
}

/** A unit as the manager has it now. */
export async function loadedNow(context: Context, { name, state }: LoadedServices): Promise<LoadedServices> {
  const services = await servicesOf(context, name);
  if (!isTemplate(name)) return { name, services, state: services[0]!.state };
  return { name, services, state: await context.system.unit(state!.id) };
}

/**
 * Holds what the manager has loaded of a unit against its drop-in, of a template for each of its instances.
 */
export function notInForce(context: Context, prepared: WithDropIn, loaded: LoadedServices): Diagnostic[] {
  const planned = plannedDropIn(context, prepared);
  const all = isTemplate(loaded.name) ? readBack(planned, loaded.state!) : [];
  if (all.length > 0) return all;
  return loaded.services.flatMap(({ name, state }) =>
    readBack({ ...planned, unit: name }, state).map((one) => naming(name, one)),
  );
}

/** The drop-in among the files that were prepared without errors; of an instance it may be its template's. */
export function plannedDropIn({ placement }: Context, { plan, unit, files }: WithDropIn): PlannedDropIn {
  const path = dropInPath(placement, unit.name.full);
  const { content } = files.find((file) => file.path === path)!;
  return { unit: plan.unit, target: plan.target, dropIn: parseUnitFile(path, content) };
}

const naming = (service: string, one: Diagnostic): Diagnostic =>
  one.message.includes(service) ? one : { ...one, message: `${service}: ${one.message}` };
