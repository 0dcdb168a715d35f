import { EXIT, error, UserError } from '../../diagnostic.js';
import { groupFolder } from '../../observer/service-group.js';
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
      found.push({ ...service, group: await groupFolder(context, service) });
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
