import { ownCommand } from '../command-lines.js';
import { EXIT, error, UserError } from '../diagnostic.js';
import { policyOfDropIn } from '../emit/files.js';
import { dropInPath, ownDropInPaths } from '../paths/own-files.js';
import { readTrusted } from '../state/own-files.js';
import type { Context } from '../system/context.js';
import { isTemplate, type UnitName } from '../unit/name.js';
import { exists } from './load/exists.js';
import { ownPolicy } from './load/find-policy.js';
import { serviceName } from './load/load-unit.js';
import { namedUnit } from './load/named-unit.js';
import { type Prepared, type PrepareOptions, prepare } from './prepare.js';

export interface ConfinedOptions extends PrepareOptions {
  /** Whether the policy that would be found goes before the one that was applied. */
  readonly next?: boolean;
}

/**
 * Prepares a service as it is confined, for commands that look at a running one. An instance that has loaded its
 * template's drop-in gets the template's plan. If no policy is named, the applied one is taken.
 * @throws UserError `unit-template`, `no-policy` if the applied policy is gone, and as prepare()
 */
export async function prepareConfined(
  context: Context,
  text: string,
  options: ConfinedOptions,
): Promise<Prepared> {
  const { name, services } = await namedUnit(context, text);
  const unit = serviceName(name);
  if (isTemplate(unit))
    throw namesInstance(
      name,
      services.map((one) => one.name),
    );
  const template = unit.template;
  const loaded = services.flatMap(({ state }) => state.dropInPaths);
  const isShared =
    template !== undefined &&
    ownDropInPaths(context.placement, template).some((path) => loaded.includes(path));
  if (!isShared) return prepare(context, text, await asApplied(context, unit, options));
  const prepared = await prepare(context, template, await asApplied(context, serviceName(template), options));
  const { plan } = prepared;
  const state = services[0]!.state;
  return { ...prepared, plan: { ...plan, unit: name }, unit: { ...prepared.unit, state, services } };
}

/** The options, with the policy of the unit's drop-in unless the one that would be found is taken anyway. */
async function asApplied(
  context: Context,
  unit: UnitName,
  options: ConfinedOptions,
): Promise<PrepareOptions> {
  if (options.policy !== undefined || options.template !== undefined) return options;
  const { placement, system } = context;
  const paths = [dropInPath(placement, unit.full), ...ownDropInPaths(placement, unit.full)];
  const [dropIn] = await readTrusted(context, paths);
  const policy = dropIn && policyOfDropIn(dropIn.content);
  const found = await ownPolicy(context, unit);
  if (policy === undefined || policy === found || (options.next && found !== undefined)) return options;
  if (await exists(system, policy)) return { ...options, policy };
  const ours = (verb: string) => `'${ownCommand(placement.scope, verb, unit.full)}'`;
  const hint = found
    ? `${ours('apply')} applies ${found} in its place`
    : `name one with --policy or --template; ${ours('revert')} takes away what was made from it`;
  const message = `the policy that ${unit.full} is confined by is gone: ${policy}`;
  throw new UserError(error('no-policy', message, { hint }), EXIT.failure);
}

/** @param instances names of the template's services */
function namesInstance(template: string, instances: readonly string[]): UserError {
  const [example = template.replace('@.', '@NAME.')] = instances;
  return new UserError(
    error('unit-template', `${template} is a template, which doesn't run itself`, {
      hint: `name an instance: ${example}`,
    }),
    EXIT.failure,
  );
}

/** The plan of a service: an instance has that of its template. */
export const preparedFor = (prepared: Prepared, unit: string): Prepared => ({
  ...prepared,
  plan: { ...prepared.plan, unit },
});
