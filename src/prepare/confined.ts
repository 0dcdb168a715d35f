import { lazily } from '../collections.js';
import { EXIT, failure, hasErrors, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { appliedRunsOf } from '../machine/state/applied-runs.js';
import { readTrusted } from '../machine/state/own-files.js';
import { type DropInFacts, headerOf } from '../plan/emit/drop-in-facts.js';
import type { Mode, Plan } from '../plan/plan.js';
import { ownCommand } from '../systemd/command-lines.js';
import { dropInPath, ownDropInPaths } from '../systemd/paths/own-files.js';
import type { Target } from '../systemd/target/target.js';
import { isTemplate, type UnitName } from '../systemd/unit/name.js';
import { asWritten } from './as-written.js';
import { gather, type PrepareOptions } from './gather.js';
import { exists } from './load/exists.js';
import { ownPolicy } from './load/find-policy.js';
import { type LoadedUnit, serviceName } from './load/load-unit.js';
import { namedUnit } from './load/named-unit.js';
import type { Prepared } from './prepare.js';

export interface ConfinedOptions extends PrepareOptions {
  /** Whether the policy that would be found goes before the one that was applied. */
  readonly next?: boolean;
}

/** A confined unit, and the files that it should have. */
export interface ExpectedUnit
  extends Pick<
    Prepared,
    'unit' | 'policy' | 'files' | 'changes' | 'appliedRuns' | 'diagnostics' | 'sources'
  > {
  /** The unit that is asked about: of a template one of its instances. */
  readonly name: string;
  readonly policyFile: string;
  readonly mode: Mode;
  readonly target: Target;
  /** The drop-in on disk, where the files are as their policy makes them; else the plan was made. */
  readonly facts: DropInFacts | undefined;
  /** @throws UserError where none can be made */
  readonly plan: () => Promise<Plan>;
}

/**
 * A service as it is confined, for a look at the running one. No plan is made where the files are as the policy makes them.
 * @throws UserError as prepareConfined()
 */
export async function confinedUnit(
  context: Context,
  text: string,
  given: PrepareOptions,
): Promise<ExpectedUnit> {
  const { of, options, instance } = await howConfined(context, text, { ...given, applied: true });
  const line = `${text}: comparing its files with its policy`;
  const { gathered, written } = await context.caller.during(line, async () => {
    const found = await gather(context, of, options);
    return { gathered: found, written: await asWritten(context, found) };
  });
  const making = async () => {
    const { makePrepared } = await import('./prepare.js');
    return ofInstance(await makePrepared(context, gathered), instance);
  };
  const { policy, policyFile } = gathered;
  if (!written) {
    const prepared = await making();
    const { plan } = prepared;
    return {
      ...prepared,
      ...{ name: plan.unit, policyFile: plan.policyFile, mode: plan.mode, target: plan.target },
      ...{ facts: undefined, plan: async () => plan },
    };
  }
  const { facts, files, target, diagnostics } = written;
  const unit = { ...gathered.unit, ...instance?.unit };
  return {
    ...{ unit, policy, policyFile, facts, files, target, diagnostics },
    name: instance?.name ?? unit.name.full,
    mode: facts.permissive ? 'permissive' : 'enforcing',
    sources: policy.sources,
    changes: [],
    appliedRuns: appliedRunsOf(unit.name.full, files),
    plan: lazily(async () => {
      const { plan, diagnostics: found } = await making();
      if (hasErrors(found)) throw new UserError(found, EXIT.failure, policy.sources);
      return plan;
    }),
  };
}

/**
 * Prepares a service as it is confined, for commands that look at a running one. An instance that has loaded its
 * template's drop-in gets the template's plan. If no policy is named, the applied one is taken.
 * @throws UserError `unit-template`, `no-policy` if the applied policy is gone, and as prepare()
 */
export async function prepareConfined(
  context: Context,
  text: string,
  given: ConfinedOptions,
): Promise<Prepared> {
  const { of, options, instance } = await howConfined(context, text, given);
  const { prepare } = await import('./prepare.js');
  return ofInstance(await prepare(context, of, options), instance);
}

/** An instance that has its template's drop-in, and its state. */
interface Instance {
  readonly name: string;
  readonly unit: Pick<LoadedUnit, 'state' | 'services'>;
}

interface HowConfined {
  /** The unit that the drop-in is for. */
  readonly of: string;
  readonly options: PrepareOptions;
  readonly instance: Instance | undefined;
}

async function howConfined(context: Context, text: string, options: ConfinedOptions): Promise<HowConfined> {
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
  if (!isShared) return { of: text, options: await asApplied(context, unit, options), instance: undefined };
  return {
    of: template,
    options: await asApplied(context, serviceName(template), options),
    instance: { name, unit: { state: services[0]!.state, services } },
  };
}

const ofInstance = (prepared: Prepared, instance: Instance | undefined): Prepared =>
  instance
    ? {
        ...prepared,
        plan: { ...prepared.plan, unit: instance.name },
        unit: { ...prepared.unit, ...instance.unit },
      }
    : prepared;

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
  const policy = dropIn && headerOf(dropIn.content).policy;
  const found = await ownPolicy(context, unit);
  if (policy === undefined || policy === found || (options.next && found !== undefined)) return options;
  if (await exists(system, policy)) return { ...options, policy };
  const ours = (verb: string) => `'${ownCommand(placement.scope, verb, unit.full)}'`;
  const hint = found
    ? `${ours('apply')} applies ${found} in its place`
    : `name another one with --policy or --template; ${ours('revert')} frees the unit`;
  const message = `the policy that confines ${unit.full} is gone: ${policy}`;
  throw failure('no-policy', message, { hint });
}

/** @param instances names of the template's services */
function namesInstance(template: string, instances: readonly string[]): UserError {
  const [example = template.replace('@.', '@NAME.')] = instances;
  return failure('unit-template', `${template} is a template, and only its instances run`, {
    hint: `name an instance: ${example}`,
  });
}
