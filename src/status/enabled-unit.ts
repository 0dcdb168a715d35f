/** Units that are enabled at boot (sandbox-unit-generator(8)), and that no drop-in of ours confines. */
import type { Code } from '../codes/subjects.js';
import { inBatches } from '../collections.js';
import type { Diagnostic } from '../diagnostic.js';
import { enabledOf, enabledUnits } from '../prepare/enabled.js';
import { namedUnit } from '../prepare/load/named-unit.js';
import {
  NOT_PUT_INTO_FORCE,
  notPutIntoForce,
  REFUSED_AT_BOOT,
  refusedAtBoot,
} from '../restart/enabled-at-boot.js';
import { orElse } from '../state/failures.js';
import { ASKED_AT_ONCE, type Service } from '../state/service.js';
import { hasFailed, isRunning } from '../state/service-run.js';
import type { Context } from '../system/context.js';
import type { State } from './service-state.js';
import { takenAway } from './taken-away.js';

/** How such a unit stands. */
export interface EnabledStatus {
  readonly state: State;
  /** The policy that the generator would put into force. */
  readonly policy?: string;
  /** The code of what keeps it from that. */
  readonly drift: readonly Code[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Units without files of ours that were seen confined in this boot, or are enabled.
 * @param confined units with files of ours
 */
export async function unitsWithoutFiles(
  context: Context,
  confined: ReadonlyMap<string, unknown>,
): Promise<string[]> {
  const [gone, enabled] = [await takenAway(context, confined), await enabledUnconfined(context, confined)];
  return [...new Set([...gone, ...enabled])];
}

/** Those that there are, or that can't be asked for. */
async function enabledUnconfined(
  context: Context,
  confined: ReadonlyMap<string, unknown>,
): Promise<string[]> {
  const candidates = (await enabledUnits(context)).filter((unit) => !confined.has(unit));
  const isThere = async (unit: string) => (await namedUnit(context, unit)).exists;
  const are = await inBatches(candidates, ASKED_AT_ONCE, (unit) => orElse(() => isThere(unit), true));
  return candidates.filter((_, i) => are[i]);
}

/** The status of one; undefined for a unit that isn't enabled. */
export async function enabledStatus(
  context: Context,
  unit: string,
  services: readonly Service[],
): Promise<EnabledStatus | undefined> {
  const enabled = await enabledOf(context, unit);
  if (enabled === undefined) return undefined;
  const refused = await refusedAtBoot(context, unit, services);
  const policy = enabled.facts?.policy;
  return {
    state: stateOf(services),
    ...(policy === undefined ? {} : { policy }),
    drift: [refused.length > 0 ? REFUSED_AT_BOOT : NOT_PUT_INTO_FORCE],
    diagnostics: refused.length > 0 ? refused : [notPutIntoForce(context, enabled)],
  };
}

/** The state of services that have no drop-in of ours. */
function stateOf(services: readonly Service[]): State {
  const states = services.map(({ state }) => state);
  if (states.some(isRunning)) return 'not-read';
  return states.some(hasFailed) ? 'failed' : 'not-running';
}
