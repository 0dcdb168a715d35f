import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import { isTemplate } from '../unit/name.js';
import { findUnit } from './find-unit.js';
import { serviceName } from './load-unit.js';

export interface NamedUnit {
  readonly name: string;
  readonly exists: boolean;
  readonly properties?: UnitProperties;
}

/** The unit that a name stands for: apply writes for the unit itself, never for an alias. */
export async function namedUnit(context: Context, text: string): Promise<NamedUnit> {
  const name = serviceName(text);
  if (context.offline) {
    const found = await findUnit(context, name);
    return { name: found.name.full, exists: found.fragment !== undefined };
  }
  if (isTemplate(name)) return { name: name.full, exists: true };
  const properties = await context.system.unit(name.full);
  return {
    name: serviceName(String(properties.get('Id'))).full,
    exists: properties.get('LoadState') !== 'not-found',
    properties,
  };
}
