/** The file with the defaults of a host. */

import { failure, type UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { decodePolicy, MAX_POLICY_SIZE } from '../../policy/policy-size.js';
import { DEFAULTS, defaultsPaths } from '../../systemd/paths/policies.js';
import { fileName, folderOf } from '../../systemd/unit/path.js';
import type { PolicyPlace } from './find-template.js';

/**
 * The defaults of the host that a policy is for, whoever plans: those of the unit's own machine. Undefined if it has none.
 * @param trusted whether root refuses a file that others could have written
 * @throws UserError as System.read(), `policy-syntax`; `host-defaults`, since a link to nowhere must not free services
 */
export async function hostDefaults(context: Context, trusted: boolean): Promise<PolicyPlace | undefined> {
  const { system, placement } = context;
  for (const path of defaultsPaths(placement.scope, placement.home)) {
    const file = await system.read(path, { limit: MAX_POLICY_SIZE, trusted });
    if (file) return { system, path, text: decodePolicy(file.bytes, path), isDefaults: true };
    if (await leadsNowhere(context, path)) throw linkToNowhere(path);
  }
  return undefined;
}

/** Whether a file that can't be found is a link. Of one on a recorded machine the answer to the reading tells. */
async function leadsNowhere({ system, policies }: Context, path: string): Promise<boolean> {
  if (system !== policies) return false;
  return (await system.links(folderOf(path))).has(fileName(path));
}

function linkToNowhere(path: string): UserError {
  const hint = 'correct the link, or remove it if the host is to have no defaults';
  return failure('host-defaults', `${path} is a broken link`, { hint });
}

/** Whether a file has the name of defaults, wherever it is. */
export const hasNameOfDefaults = (path: string): boolean => fileName(path) === DEFAULTS;
