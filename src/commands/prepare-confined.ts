import { EXIT, error, UserError } from '../diagnostic.js';
import { ownDropInPaths } from '../emit/paths.js';
import type { Context } from '../system/context.js';
import { isTemplate } from '../unit/name.js';
import { serviceName } from './load-unit.js';
import { namedUnit } from './named-unit.js';
import { type Prepared, type PrepareOptions, prepare } from './prepare.js';
import { dropInsOf } from './services.js';

/**
 * What confines a service, for who looks at one that runs: of an instance without a drop-in of ours of its own that is
 * its template's plan, by the template's files.
 * @throws UserError `unit-template`, and as prepare()
 */
export async function prepareConfined(
  context: Context,
  text: string,
  options: PrepareOptions,
): Promise<Prepared> {
  if (serviceName(text).template === undefined) return prepare(context, text, options);
  const { name, services } = await namedUnit(context, text);
  const unit = serviceName(name);
  if (isTemplate(unit))
    throw namesInstance(
      name,
      services.map((one) => one.name),
    );
  const template = unit.template;
  const loaded = services.flatMap(({ properties }) => dropInsOf(properties));
  const isShared =
    template !== undefined &&
    ownDropInPaths(context.placement, template).some((path) => loaded.includes(path));
  if (!isShared) return prepare(context, text, options);
  const prepared = await prepare(context, template, options);
  const { plan } = prepared;
  const properties = services[0]!.properties;
  return { ...prepared, plan: { ...plan, unit: name }, unit: { ...prepared.unit, properties, services } };
}

/** @param instances those that there are */
function namesInstance(template: string, instances: readonly string[]): UserError {
  const [example = template.replace('@.', '@NAME.')] = instances;
  return new UserError(
    error('unit-template', `${template} is a template, which doesn't run itself`, {
      hint: `name an instance: ${example}`,
    }),
    EXIT.failure,
  );
}
