/** Directives that take privileges. */

import { CAPABILITIES, capabilitySet } from '../../../directives/kinds/names/capabilities.js';
import { type Facts, type Judge, not, proved, type Verdict } from './facts.js';
import { otherRoot } from './paths.js';

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

/**
 * Whether a service gains nothing by the files of its programs. systemd's own execve of these gives a set-user-ID program
 * its owner, and where the user isn't root, file capabilities (capabilities(7)): they show where they are used, and those
 * that the unit gives itself stay.
 */
function noNewPrivileges(facts: Facts): Verdict {
  const call = facts.made('execve', 'execveat');
  if (call !== undefined) return not('programs were executed, of which one may gain privileges by its file');
  const root = otherRoot(facts);
  if (root !== undefined) return not(root);
  const { programs } = facts.evidence;
  const other = programs.find(({ path }) => !facts.plainPrograms.has(path));
  if (other || programs.length === 0)
    return not(`${other?.path ?? 'its program'} may have a set-user-ID or set-group-ID bit`);
  const gained = isRoot(facts) ? undefined : gainedByFile(facts);
  return gained === undefined
    ? proved(true, `No program has set-ID bits, and none executed another in ${facts.time}.`)
    : not(gained);
}

const isRoot = (facts: Facts): boolean =>
  facts.scope === 'system' &&
  !facts.isOn('DynamicUser') &&
  ['', '0', 'root'].includes(facts.last('User')) &&
  facts.last('SecureBits') === '';

/** The reason why a program of another user than root may have capabilities by its file. */
function gainedByFile(facts: Facts): string | undefined {
  const doubt = facts.doubt(['capabilities']);
  if (doubt !== undefined) return doubt;
  const ambient = capabilitySet(facts.unit.get('AmbientCapabilities') ?? [], false);
  const gained = facts.evidence.capabilities.find(({ name, granted }) => granted && !ambient.has(name));
  return gained && `${gained.name} was used, which a program may have by its file`;
}

export const PRIVILEGES: readonly Judge[] = [
  {
    name: 'CapabilityBoundingSet',
    wanted: 'the capabilities',
    by: ['capabilities'],
    judge: boundingSet,
  },
  { name: 'NoNewPrivileges', wanted: true, by: ['calls', 'programs'], judge: noNewPrivileges },
];
