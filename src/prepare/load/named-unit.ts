import type { Context } from '../../machine/context.js';
import { type Service, servicesOf } from '../../machine/state/service.js';
import { isTemplate } from '../../systemd/unit/name.js';
import { findTemplateUnit, findUnit } from './find-unit.js';
import { serviceName } from './load-unit.js';

export interface NamedUnit {
  readonly name: string;
  readonly exists: boolean;
  /** The services that its drop-in is for; none offline. */
  readonly services: readonly Service[];
}

/** The unit that a name or an alias stands for: `apply` writes for the unit itself. */
export async function namedUnit(context: Context, text: string): Promise<NamedUnit> {
  const name = serviceName(text);
  if (context.offline) {
    const found = await findUnit(context, name);
    return { name: found.name.full, exists: found.fragment !== undefined, services: [] };
  }
  if (isTemplate(name)) {
    const template = (await findTemplateUnit(context, name)).name;
    const services = await servicesOf(context, template);
    const isThere = services.length > 0 || (await findUnit(context, template)).fragment !== undefined;
    return { name: template.full, exists: isThere, services };
  }
  const [service] = await servicesOf(context, name);
  const { state } = service!;
  const full = serviceName(state.id).full;
  return {
    name: full,
    exists: state.loadState !== 'not-found',
    services: [{ name: full, state }],
  };
}
