import { inBatches } from '../collections.js';
import { hasNameOfDropIn, ownDropInPaths } from '../paths.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import { isTemplate, type UnitName } from '../unit/name.js';
import { currentRun, type ServiceRun } from './service-run.js';

/** A service and its properties, as the manager has them. */
export interface Service {
  readonly name: string;
  readonly properties: UnitProperties;
}

/**
 * The number of units that are asked about at a time: dbus-daemon lets a connection wait for 128 answers, two a unit.
 */
export const ASKED_AT_ONCE = 32;

/**
 * The services that a unit's drop-in is for: the unit itself, or the loaded instances of a template. An instance with a
 * drop-in of ours of its own doesn't count: systemd reads that in the place of the template's.
 */
export async function servicesOf({ system, placement }: Context, unit: UnitName): Promise<Service[]> {
  const ask = async (name: string): Promise<Service> => ({ name, properties: await system.unit(name) });
  if (!isTemplate(unit)) return [await ask(unit.full)];
  const own = ownDropInPaths(placement, unit.full);
  const instances = await inBatches(await system.instances(unit), ASKED_AT_ONCE, ask);
  return instances.filter(({ properties }) =>
    dropInsOf(properties).every((path) => !hasNameOfDropIn(path) || own.includes(path)),
  );
}

export const dropInsOf = (properties: UnitProperties): readonly string[] =>
  (properties.get('DropInPaths') ?? []) as readonly string[];

/** The runs that services are in; a service that doesn't run has none. */
export const runsOf = (services: readonly Service[]): ServiceRun[] =>
  services.flatMap(({ name, properties }) => currentRun(name, properties) ?? []);
