/** Directives that take privileges. */

import { CAPABILITIES, capabilitySet } from '../../../directives/kinds/names/capabilities.js';
import { type Facts, type Judge, not, proved, type Verdict } from './facts.js';

/**
 * Calls that need CAP_SYS_ADMIN itself. The kernel asks for it whenever memory is reserved, and nothing hangs on the
 * answer (cap_vm_enough_memory() of security/commoncap.c): mmap, brk, execve, fork and writes to tmpfs do so.
 */
const NEED_ADMIN: ReadonlySet<string> = new Set(
  (
    'bpf chroot fanotify_init fsconfig fsmount fsopen fspick ioctl keyctl lookup_dcookie mount mount_setattr move_mount ' +
    'open_tree perf_event_open pivot_root quotactl quotactl_fd seccomp setdomainname sethostname setns setxattr swapoff ' +
    'swapon syslog umount2 unshare'
  ).split(' '),
);

/** Capabilities that a directive takes away and a service has without using them don't count as needed. */
function used(facts: Facts): string[] {
  return CAPABILITIES.filter((name) => {
    const calls = facts.granted(name);
    return name === 'CAP_SYS_ADMIN' ? calls.some((call) => NEED_ADMIN.has(call)) : calls.length > 0;
  });
}

function boundingSet(facts: Facts): Verdict {
  const ambient = capabilitySet(facts.unit.get('AmbientCapabilities') ?? [], false);
  const own = capabilitySet(facts.unit.get('CapabilityBoundingSet') ?? [], true);
  const names = CAPABILITIES.filter(
    (name) => own.has(name) && (ambient.has(name) || used(facts).includes(name)),
  );
  const what = names.length === 0 ? 'No capability was' : 'No other capability was';
  return proved(names.length === 0 ? '' : names.sort(), `${what} used in ${facts.time}.`);
}

/** A service that executes nothing gains nothing by set-user-ID programs and file capabilities. */
function noNewPrivileges(facts: Facts): Verdict {
  const call = facts.made('execve', 'execveat');
  return call === undefined
    ? proved(true, `The service executed no program in ${facts.time}.`)
    : not('programs were executed, of which one may gain privileges by its file');
}

export const PRIVILEGES: readonly Judge[] = [
  {
    name: 'CapabilityBoundingSet',
    wanted: 'the capabilities',
    by: ['capabilities'],
    judge: boundingSet,
  },
  { name: 'NoNewPrivileges', wanted: true, by: ['calls'], judge: noNewPrivileges },
];
