import { type Action, ALLOW } from '../../syscalls/action.js';
import type { NamedVerdict } from '../../syscalls/named-policy.js';
import type { SyscallPolicy } from '../../syscalls/policy.js';
import { resolve } from '../../syscalls/resolve.js';
import type { Plan } from '../plan.js';
import { unlistedInAllowList } from './left-to-launcher.js';

/**
 * The policy that systemd's filter alone enforces on the target: it holds for Exec lines without the launcher.
 * Undefined if systemd loads no filter.
 */
export function systemdMeaning({ systemCalls, meaning, target }: Plan): SyscallPolicy | undefined {
  if (systemCalls === undefined || meaning === undefined) return undefined;
  const { mode, action, passing, refused } = systemCalls;
  const allows = mode === 'allow';
  const verdicts = [
    ...[...passing].map((call) => [call, always(ALLOW)] as const),
    ...[...refused].map(([call, answer]) => [call, always(answer)] as const),
  ];
  const named = {
    mode,
    verdicts: new Map(verdicts),
    unnamed: allows ? action : ALLOW,
    unnamedLimit: ALLOW,
    unlisted: allows ? unlistedInAllowList(target.systemd, action) : ALLOW,
    architectures: [...meaning.abis.keys()],
    recordedArchitectures: [],
  };
  return resolve(named, target.machine);
}

const always = (otherwise: Action): NamedVerdict => ({ rules: [], otherwise, limit: ALLOW });
