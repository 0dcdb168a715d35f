import type { Placement } from '../paths/placement.js';
import { defaultsPaths } from '../paths/policies.js';
import type { Surroundings } from '../plan/request.js';
import { MAX_POLICY_SIZE } from '../policy/policy-size.js';
import { decodePolicy } from '../policy/toml.js';
import { sha256 } from '../state/files-hash.js';
import type { Context } from '../system/context.js';
import { type EffectiveUnit, effectiveUnit } from '../unit/effective.js';
import type { Assignment } from '../unit/unit-file.js';
import type { PolicyPlace } from './load/find-template.js';
import { hostDefaults } from './load/host-defaults.js';
import type { OwnInstance } from './load/instances.js';
import { surroundingsText } from './load/surroundings.js';

/** Of the texts of a policy and of all that it extends. */
export const policyHash = (sources: ReadonlyMap<string, string>): string => sha256(sources.values());

/**
 * Whether a policy that extends no other one has the texts that were applied: its own and the host's defaults. The texts that
 * a policy is made of follow from these, so that none has to be parsed.
 * @param was the hash of the texts that were applied
 * @throws UserError as System.read() and hostDefaults()
 */
export async function hasSameTexts(
  context: Context,
  { system, path }: PolicyPlace,
  was: string | undefined,
): Promise<boolean> {
  const own = await system.read(path, { limit: MAX_POLICY_SIZE, trusted: true });
  const defaults = await hostDefaults(context, true);
  const texts = new Map(defaults ? [[defaults.path, defaults.text!]] : []);
  return own !== undefined && policyHash(new Map([[path, decodePolicy(own.bytes, path)], ...texts])) === was;
}

/** The path of the host's defaults among a policy's texts; undefined where it doesn't add to any. */
export const defaultsIn = (
  sources: ReadonlyMap<string, string>,
  { scope, home }: Placement,
): string | undefined => defaultsPaths(scope, home).find((path) => sources.has(path));

/** Of the text of the host's defaults; undefined where the policy doesn't add to any. */
export function defaultsHash(sources: ReadonlyMap<string, string>, placement: Placement): string | undefined {
  const path = defaultsIn(sources, placement);
  return path === undefined ? undefined : sha256([sources.get(path)!]);
}

/**
 * Of what a unit says of its service, without ours: names and values of settings, wherever they are. Of a template what
 * its instances say besides counts, too, and what holds for it by other units' files.
 */
export const unitHash = (
  { assignments }: EffectiveUnit,
  instances: readonly OwnInstance[],
  surroundings: Surroundings | undefined,
): string =>
  sha256([
    ...settingsOf(assignments),
    ...(surroundings ? surroundingsText(surroundings) : []),
    ...instances.flatMap(({ name, files }) => [name.full, ...settingsOf(effectiveUnit(files).assignments)]),
  ]);

const settingsOf = (assignments: readonly Assignment[]): string[] =>
  assignments.filter(({ section }) => section === 'Service').flatMap(({ key, value }) => [key, value]);
