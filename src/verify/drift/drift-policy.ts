/** Changes of a policy's texts since it was applied: of its own, or of the host's defaults. */

import { printable } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { DropInFacts } from '../../plan/emit/drop-in-facts.js';
import { defaultsHash, defaultsIn, policyHash } from '../../prepare/hashes.js';
import type { LoadedPolicy } from '../../prepare/load/load-policy.js';
import { defaultsPaths } from '../../systemd/paths/policies.js';

/**
 * How the texts of a policy differ from those that were applied, if they do. Defaults that have changed are named before
 * the policy, since nothing tells whether its own texts have, too.
 * @param applied the policy's path in the drop-in
 */
export async function changedTexts(
  { placement }: Context,
  { policy, sources }: Pick<LoadedPolicy, 'policy' | 'sources'>,
  { policyHash: was, defaultsHash: defaultsWere }: DropInFacts,
  applied: string,
): Promise<string | undefined> {
  if (policyHash(sources) === was) return undefined;
  const defaults = defaultsIn(sources, placement);
  const defaultsAre = defaultsHash(sources, placement);
  if (defaultsWere === undefined && defaults !== undefined) {
    // A policy that has taken back `defaults = false` has changed itself.
    const own = new Map([...sources].filter(([path]) => path !== defaults));
    if (policyHash(own) === was) return `${printable(defaults)} is new`;
  } else if (defaultsWere !== defaultsAre) {
    if (defaults !== undefined) return `${printable(defaults)} has changed`;
    if (policy.defaults?.value !== false) {
      const gone = defaultsPaths(placement.scope, placement.home).map((path) => printable(path));
      return `${gone.join(', or ')}${gone.length > 1 ? ',' : ''} is gone`;
    }
  }
  const others = sources.size - (defaultsAre !== undefined && defaultsAre === defaultsWere ? 1 : 0);
  return `${printable(applied)}${others > 1 ? ' or a policy that it extends' : ''} has changed`;
}
