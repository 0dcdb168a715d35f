import { type Diagnostic, error } from '../diagnostic.js';
import { LAUNCHER_CALLS } from '../filter/filter-file.js';
import type { Policy } from '../policy/policy.js';
import { permits } from '../syscalls/action.js';
import type { OwnLimits } from '../syscalls/resolve.js';
import type { EffectiveUnit } from '../unit/effective.js';
import { EXEC_KEYS } from '../unit/exec-keys.js';
import { wrappedKeys } from './commands.js';

interface Request {
  readonly effective: EffectiveUnit;
  readonly policy: Policy;
}

/**
 * systemd's filter is one for all Exec lines, and must permit what the launcher calls; behind the launcher its own
 * filter refuses those calls again. Where the unit refuses some of them, lines without the launcher would be loosened.
 */
export function otherLines({ effective, policy }: Request, own: OwnLimits): Diagnostic[] {
  const calls = LAUNCHER_CALLS.filter((call) => !permits(own.limit(call)));
  const wrapped = wrappedKeys(policy);
  const keys = EXEC_KEYS.filter((key) => !wrapped.includes(key) && hasConfinedLine(effective, key));
  if (calls.length === 0 || keys.length === 0) return [];
  const message = `the unit refuses ${calls.join(', ')}, which ${keys.join('= and ')}= could then call`;
  const hint = `put them behind the launcher too: wrap = [${[...wrapped, ...keys].map((key) => `"${key}"`).join(', ')}] in [exec]`;
  return [error('loosens-other-lines', message, { at: policy.syscalls!.at, hint })];
}

/** Lines with `+` have no filter anyway. */
const hasConfinedLine = (effective: EffectiveUnit, key: string) =>
  effective.execCommands(key).some(({ prefixes }) => !prefixes.includes('+'));
