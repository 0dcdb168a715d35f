/** Reads what a plan is made of: a unit, a policy, the machine. */

import type { Context } from '../machine/context.js';
import { readTrusted } from '../machine/state/own-files.js';
import { headerOf } from '../plan/emit/drop-in-facts.js';
import type { Surroundings } from '../plan/request.js';
import { dropInPath, keptPolicyPath } from '../systemd/paths/own-files.js';
import { type EffectiveUnit, effectiveUnit } from '../systemd/unit/effective.js';
import { execKeys } from '../systemd/unit/exec/keys.js';
import { normalize } from '../systemd/unit/path.js';
import { defaultsHash, policyHash, unitHash } from './hashes.js';
import { findPolicy, namedPolicy } from './load/find-policy.js';
import { findTemplate, type PolicyPlace } from './load/find-template.js';
import { INPUT, inputPolicy } from './load/input-policy.js';
import { type LoadedPolicy, loadPolicy } from './load/load-policy.js';
import { type LoadedUnit, loadUnit, serviceName } from './load/load-unit.js';
import { surroundingsOf } from './load/surroundings.js';
import type { PlanOptions } from './plan.js';
import { type MachineFacts, probeMachine } from './probe/target.js';

export interface PrepareOptions extends PlanOptions {
  /** A path, or `-` for standard input. */
  readonly policy?: string;
  readonly template?: string;
  /** Whether a policy that is named is only looked at: its path is no change then, however the unit was confined. */
  readonly check?: boolean;
}

/** All that a plan is made of, as it was read. */
export interface Gathered {
  readonly unit: LoadedUnit;
  readonly policy: LoadedPolicy;
  readonly options: PrepareOptions;
  readonly machine: MachineFacts;
  /** The policy's path, as the plan has it, and as the drop-in's header names it. */
  readonly policyFile: string;
  readonly pathInHeader: string;
  readonly settings: GatheredSettings;
}

/** Reads a unit, its policy and the machine. @throws UserError as prepare() */
export async function gather(
  context: Context,
  name: string,
  options: PrepareOptions,
  machine: () => Promise<MachineFacts> = () => probeMachine(context),
): Promise<Gathered> {
  // Offline, a folder that holds no system is an error before a unit or a policy is missed there.
  const known = context.offline ? await machine() : undefined;
  const unit = await loadUnit(context, name);
  const policy = await loadPolicy(context, await choosePolicy(context, unit, name, options), {
    trusted: true,
    confines: true,
  });
  const read = { policy, machine: known ?? (await machine()) };
  return {
    ...{ unit, ...read, options },
    policyFile: policyFileOf(context, unit, policy, options),
    pathInHeader: await pathInHeader(context, unit, policy, options),
    settings: await readSettings(context, unit, read),
  };
}

/** The path of a policy's file. A text that isn't in a file of the unit's machine has the one at which it will be kept. */
const policyFileOf = (
  context: Context,
  { name }: LoadedUnit,
  { policy }: LoadedPolicy,
  options: PrepareOptions,
): string => (isKept(context, options) ? keptPolicyPath(context.placement, name.full) : policy.file);

/** Whether the policy's text goes to the unit's machine along with its drop-in. */
const isKept = ({ system, policies }: Context, { policy }: PrepareOptions): boolean =>
  policy === INPUT || policies !== system;

/** The path of the policy in the header of the drop-in, by which later commands find it. */
async function pathInHeader(
  context: Context,
  unit: LoadedUnit,
  policy: LoadedPolicy,
  options: PrepareOptions,
): Promise<string> {
  const path = policyFileOf(context, unit, policy, options);
  if (!options.check || options.policy === undefined) return path;
  const [dropIn] = await readTrusted(context, [dropInPath(context.placement, unit.name.full)]);
  return (dropIn && headerOf(dropIn.content).policy) ?? path;
}

/** A unit's settings, what other units' files decide for it, and hashes by which a drop-in shows when one of these changes. */
interface GatheredSettings {
  readonly effective: EffectiveUnit;
  readonly surroundings: Surroundings | undefined;
  readonly hashes: {
    readonly policyHash: string;
    readonly defaultsHash: string | undefined;
    readonly unitHash: string;
  };
}

export async function readSettings(
  context: Context,
  unit: LoadedUnit,
  { policy, machine }: Pick<Gathered, 'policy' | 'machine'>,
): Promise<GatheredSettings> {
  const effective = effectiveUnit(unit.files, execKeys(machine.facts.systemd));
  const surroundings = await surroundingsFor(context, unit, policy);
  const hashes = {
    policyHash: policyHash(policy.sources),
    defaultsHash: defaultsHash(policy.sources, context.placement),
    unitHash: unitHash(effective, unit.instances, surroundings),
  };
  return { effective, surroundings, hashes };
}

/** Facts that other units' files decide; undefined offline, where no manager tells them. */
async function surroundingsFor(
  { system }: Context,
  { name, state, services }: LoadedUnit,
  { policy }: LoadedPolicy,
): Promise<Surroundings | undefined> {
  if (!state) return undefined;
  const all = [state, ...services.map((one) => one.state)];
  const sets = (directive: string) => policy.service.some((one) => one.name === directive);
  return surroundingsOf({ system, unit: name, states: all, sets });
}

async function choosePolicy(
  context: Context,
  unit: LoadedUnit,
  asked: string,
  options: PrepareOptions,
): Promise<PolicyPlace> {
  if (options.policy !== undefined) {
    const { policy } = options;
    if (policy === INPUT) return inputPolicy(context);
    return { ...namedPolicy(context, unit.name, absolutePath(context, policy)), written: policy };
  }
  if (options.template !== undefined) return findTemplate(context, options.template);
  return findPolicy(context, unit.name, serviceName(asked));
}

/** The absolute path of a policy: a drop-in names it for readers in any folder. */
function absolutePath({ caller }: Context, path: string): string {
  if (path.startsWith('/') || caller.directory === undefined) return path;
  return normalize(`${caller.directory}/${path}`);
}
