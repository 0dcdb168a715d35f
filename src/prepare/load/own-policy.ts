/** The file of a unit's policy. */

import { policySearchPath } from '../../paths/policies.js';
import type { Context } from '../../system/context.js';
import type { UnitName } from '../../unit/name.js';
import { exists } from './exists.js';

/** The paths where a unit's policy may be, by precedence. */
export function policyPlaces({ placement }: Context, unit: UnitName): string[] {
  const names = [unit.full, ...(unit.template && unit.template !== unit.full ? [unit.template] : [])];
  return policySearchPath(names, placement.scope, placement.home);
}

/** The file of a unit's policy if none is named; undefined if there is none. */
export async function ownPolicy(context: Context, unit: UnitName): Promise<string | undefined> {
  for (const path of policyPlaces(context, unit)) {
    if (await exists(context.policies, path)) return path;
  }
  return undefined;
}
