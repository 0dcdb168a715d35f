import { constantValue } from '../../../seccomp/syscalls/constants.js';
import { valuesOf } from './arguments.js';
import { whyIncomplete } from './incomplete.js';
import type { ProfilePart } from './input.js';

/** Namespaces by systemd's names (RestrictNamespaces= in systemd.exec(5)), with the flags of clone(2). */
export const NAMESPACES: readonly (readonly [name: string, flag: string])[] = [
  ['cgroup', 'CLONE_NEWCGROUP'],
  ['ipc', 'CLONE_NEWIPC'],
  ['mnt', 'CLONE_NEWNS'],
  ['net', 'CLONE_NEWNET'],
  ['pid', 'CLONE_NEWPID'],
  ['user', 'CLONE_NEWUSER'],
  ['uts', 'CLONE_NEWUTS'],
];

/**
 * Names of the namespaces that a service has made or entered, by clone(2), unshare(2) or setns(2); undefined where some
 * may be missing. A setns(2) without a type may enter any.
 */
export function namespacesSeen(profile: ProfilePart): ReadonlySet<string> | undefined {
  const unshared = valuesOf(profile, 'unshare', 0);
  const entered = valuesOf(profile, 'setns', 1);
  if (whyIncomplete(profile, 'fork-flags') !== undefined || !unshared || !entered || entered.includes(0n))
    return undefined;
  const flags = [...profile.forkFlags.map(BigInt), ...unshared, ...entered];
  const isSeen = (flag: string) => flags.some((bits) => (bits & constantValue('x86-64', flag)!) !== 0n);
  return new Set(NAMESPACES.filter(([, flag]) => isSeen(flag)).map(([name]) => name));
}
