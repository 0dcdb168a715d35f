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

function used(facts: Facts): ReadonlySet<string> {
  const isUsed = (name: string) => {
    const calls = facts.granted(name);
    return name === 'CAP_SYS_ADMIN' ? calls.some((call) => NEED_ADMIN.has(call)) : calls.length > 0;
  };
  return new Set(CAPABILITIES.filter(isUsed));
}

/** The capability by which a daemon that has changed its user hands new files to that user, as after a log rotation. */
const HANDS_OVER = 'CAP_CHOWN';

function boundingSet(facts: Facts): Verdict {
  const ambient = capabilitySet(facts.unit.get('AmbientCapabilities') ?? [], false);
  const own = capabilitySet(facts.unit.get('CapabilityBoundingSet') ?? [], true);
  const needed = used(facts);
  const handsOver = needed.has('CAP_SETUID') && !needed.has(HANDS_OVER);
  const isKept = (name: string) =>
    ambient.has(name) || needed.has(name) || (handsOver && name === HANDS_OVER);
  const names = CAPABILITIES.filter((name) => own.has(name) && isKept(name)).sort();
  if (names.length === 0) return proved('', `No capability was used in ${facts.time}.`);
  const besides =
    names.includes(HANDS_OVER) && handsOver ? `; ${HANDS_OVER} is for new logs of another user` : '';
  return proved(names, `No other capability was used in ${facts.time}${besides}.`);
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
