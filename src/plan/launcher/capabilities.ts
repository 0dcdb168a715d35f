import { capabilitySet } from '../../directives/kinds/names/capabilities.js';
import { runsAsRoot } from '../../directives/kinds/names/user.js';
import type { Target } from '../../target/target.js';
import type { UnitValues } from '../../unit/values.js';

/** Whether a service starts with a capability. A user's manager has none to give. */
export function hasCapability(values: UnitValues, { scope }: Target, capability: string): boolean {
  const bounding = capabilitySet(values.get('CapabilityBoundingSet') ?? [], true);
  const ambient = capabilitySet(values.get('AmbientCapabilities') ?? [], false);
  const held = runsAsRoot({ unit: values }) || ambient.has(capability);
  return scope === 'system' && held && bounding.has(capability);
}
