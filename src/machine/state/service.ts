import { inBatches } from '../../collections.js';
import { hasNameOfDropIn, ownDropInPaths } from '../../systemd/paths/own-files.js';
import { isTemplate, type UnitName } from '../../systemd/unit/name.js';
import type { Context } from '../context.js';
import type { System } from '../system.js';
import type { UnitState } from '../unit-state.js';
import { currentRun, type ServiceRun } from './service-run.js';

/** A service as the manager has it. */
export interface Service {
  readonly name: string;
  readonly state: UnitState;
}

/** The state of a service or a scope. */
export const stateOf = (system: System, unit: string): Promise<UnitState> =>
  unit.endsWith('.service') ? system.unit(unit) : system.anyUnit(unit);

/**
 * The number of units that are asked about at a time: dbus-daemon lets a connection wait for 128 answers, two a unit.
 */
export const ASKED_AT_ONCE = 32;

/**
 * The services that a unit's drop-in is for: the unit itself, or the loaded instances of a template. An instance with a
 * drop-in of ours of its own doesn't count: systemd reads that in the place of the template's.
 */
export async function servicesOf({ system, placement }: Context, unit: UnitName): Promise<Service[]> {
  const ask = async (name: string): Promise<Service> => ({ name, state: await system.unit(name) });
  if (!isTemplate(unit)) return [await ask(unit.full)];
  const own = ownDropInPaths(placement, unit.full);
  const instances = await inBatches(await system.instances(unit), ASKED_AT_ONCE, ask);
  return instances.filter(({ state }) =>
    state.dropInPaths.every((path) => !hasNameOfDropIn(path) || own.includes(path)),
  );
}

/** The runs that services are in; a service that doesn't run has none. */
export const runsOf = (services: readonly Service[]): ServiceRun[] =>
  services.flatMap(({ name, state }) => currentRun(name, state) ?? []);
