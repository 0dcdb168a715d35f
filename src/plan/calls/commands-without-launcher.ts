import { type Diagnostic, error } from '../../diagnostic.js';
import { callsToLoad } from '../../filter/filter-file.js';
import type { Policy } from '../../policy/policy.js';
import { permits } from '../../syscalls/action.js';
import type { NamedPolicy } from '../../syscalls/named-policy.js';
import { limitBy } from '../../syscalls/resolve.js';
import { wrappedKeys } from '../launcher/commands.js';

/**
 * An error if Exec lines without the launcher would be loosened. systemd has one filter for all Exec lines, which must
 * permit the launcher's calls. Where the unit refuses some of these, only the launcher's own filter refuses them again.
 * @param without keys as in {@link PlannedLauncher}; lines with `+` have no filter anyway
 */
export function otherLines(policy: Policy, without: readonly string[], own: NamedPolicy): Diagnostic[] {
  const needed = callsToLoad(policy.syscalls?.stage?.value ?? 'exec');
  const calls = needed.filter((call) => !permits(limitBy(own, call)));
  const keys = without.filter((key) => !key.endsWith('+'));
  if (calls.length === 0 || keys.length === 0) return [];
  const message = `the unit refuses ${calls.join(', ')}, which ${keys.join(' and ')} could then call`;
  return [error('loosens', message, { at: policy.syscalls!.at, hint: wayOut(policy, keys) })];
}

function wayOut(policy: Policy, keys: readonly string[]): string {
  const wrapped = wrappedKeys(policy);
  const wrap = [...new Set([...wrapped, ...keys.map((key) => key.slice(0, -1))])];
  return wrap.length === wrapped.length
    ? "some of its lines can't be put behind the launcher: see the gaps"
    : `put them behind the launcher too: wrap = [${wrap.map((key) => `"${key}"`).join(', ')}] in [exec]`;
}
