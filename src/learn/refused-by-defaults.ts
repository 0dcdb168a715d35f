/** Calls that a learned policy allows, and the host's defaults refuse all the same. */

import { shortList } from '../collections.js';
import { type Diagnostic, hasErrors, warning } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { loadPolicy } from '../prepare/load/load-policy.js';
import { mayPass } from '../seccomp/syscalls/named-policy.js';
import { resolveCalls, verdictOn } from '../seccomp/syscalls/resolve.js';
import type { SyscallSets } from '../seccomp/syscalls/sets.js';

/** The name that diagnostics show for a policy that isn't in a file yet. */
const LEARNED = 'learned policy';

/**
 * A warning about calls of a service that its learned policy allows, and the host's defaults refuse. Defaults that are wrong
 * are left for `apply` to tell.
 * @param text the policy
 * @param seen the names of the calls
 */
export async function refusedByDefaults(
  context: Context,
  text: string,
  seen: readonly string[],
  sets: SyscallSets,
): Promise<Diagnostic[]> {
  const place = { system: context.system, path: LEARNED, text };
  const { policy, diagnostics, sources } = await loadPolicy(context, place, { trusted: true });
  const host = [...sources.keys()].find((path) => path !== LEARNED);
  if (host === undefined || hasErrors(diagnostics) || !policy.syscalls) return [];
  const named = resolveCalls(policy.syscalls, sets);
  const refused = seen.filter((call) => !mayPass(verdictOn(named, call)));
  if (refused.length === 0) return [];
  const message = `the service makes calls that ${host} refuses: ${shortList(refused, 12)}`;
  const hint = "allow them with rules in the policy, or set 'defaults = false' in it";
  return [warning('contradiction', message, { hint })];
}
