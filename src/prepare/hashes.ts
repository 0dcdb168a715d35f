import type { Context } from '../machine/context.js';
import { sha256 } from '../machine/state/files-hash.js';
import type { Surroundings } from '../plan/request.js';
import type { Placement } from '../systemd/paths/placement.js';
import { defaultsPaths } from '../systemd/paths/policies.js';
import { type EffectiveUnit, effectiveUnit } from '../systemd/unit/effective.js';
import type { Assignment } from '../systemd/unit/unit-file.js';
import type { PolicyPlace } from './load/find-template.js';
import { policyTexts } from './load/policy-texts.js';
import { surroundingsText } from './load/surroundings.js';
import type { OwnInstance } from './load/unit-files.js';

/** Of the texts of a policy and of all that it extends. */
export const policyHash = (sources: ReadonlyMap<string, string>): string => sha256(sources.values());

/**
 * Whether a policy has the texts that were applied: its own, those of all that it extends, and the host's defaults. False also
 * where only its parser can tell which these are.
 * @param was the hash of the texts that were applied
 * @throws UserError as policyTexts()
 */
export async function hasSameTexts(
  context: Context,
  place: PolicyPlace,
  was: string | undefined,
  defaults: PolicyPlace | undefined,
): Promise<boolean> {
  const texts = await policyTexts(context, place);
  if (defaults) texts.set(defaults.path, defaults.text!);
  return policyHash(texts) === was;
}

/** The path of the host's defaults among a policy's texts; undefined where it doesn't add to any. */
const defaultsIn = (sources: ReadonlyMap<string, string>, { scope, home }: Placement): string | undefined =>
  defaultsPaths(scope, home).find((path) => sources.has(path));

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
