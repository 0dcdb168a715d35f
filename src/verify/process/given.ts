/** Users, capabilities and rights that the manager gives to the processes of a unit. */

import type { Get } from '../../directives/directive.js';
import { INFINITY } from '../../directives/values/bus.js';

/** The manager's number for an unknown user or group (UID_INVALID). */
const NOBODYS = 0xffffffff;

const CAP_SETGID = 6n;
const CAP_SETUID = 7n;
const CAP_SYS_RESOURCE = 24n;

/** A set of capabilities among a unit's properties; all of them where there is none. */
const capabilitySet = (get: Get, property: string, otherwise: bigint): bigint => {
  const value = get(property);
  return typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : otherwise;
};

/** Capabilities that the manager leaves in the bounding set. */
export const boundingSet = (get: Get): bigint => capabilitySet(get, 'CapabilityBoundingSet', INFINITY);

export const ambientSet = (get: Get): bigint => capabilitySet(get, 'AmbientCapabilities', 0n);

/** The number of the user or the group that the manager has found for a unit; undefined where it has none. */
export function numberOf(get: Get, property: 'UID' | 'GID'): number | undefined {
  const value = get(property);
  return typeof value === 'number' && value !== NOBODYS ? value : undefined;
}

/**
 * The capabilities that a process of the unit may come to have. Another user than root has the ambient ones alone, if
 * no program with set-ID bits or file capabilities can add others (capabilities(7)).
 */
function attainable(get: Get): bigint {
  const isRoot = (numberOf(get, 'UID') ?? 0) === 0;
  return isRoot || get('NoNewPrivileges') !== true ? boundingSet(get) | ambientSet(get) : ambientSet(get);
}

const mayHave = (get: Get, capability: bigint): boolean => (attainable(get) & (1n << capability)) !== 0n;

/** Whether PAM may change limits and priorities of a unit's processes (pam_limits(8)). */
const hasPam = (get: Get): boolean => !['', undefined].includes(get('PAMName') as string | undefined);

/** Whether a process of the unit may raise its own limits, or PAM may do so for it. */
export const mayRaiseLimits = (get: Get): boolean => mayHave(get, CAP_SYS_RESOURCE) || hasPam(get);

/** Whether a process of the unit may become another user, or one of another group. */
export const mayChangeUser = (get: Get): boolean =>
  get('NoNewPrivileges') !== true || mayHave(get, CAP_SETUID) || mayHave(get, CAP_SETGID);

/** Whether a process of the unit may add ambient capabilities that it wasn't given. */
export const mayAddAmbient = (get: Get): boolean => attainable(get) !== ambientSet(get);
