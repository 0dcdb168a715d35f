/** Directives that take privileges. */

import { CAPABILITIES, capabilitySet } from '../../../../systemd/directives/kinds/names/capabilities.js';
import { runsAsRoot } from '../../../../systemd/directives/kinds/names/user.js';
import { namespacesSeen } from '../namespaces.js';
import { type DirectiveCheck, type DirectiveVerdict, not, type ProfileFacts, proved } from './facts.js';
import { otherRoot } from './paths.js';
import { privateUsers } from './private-users.js';

/**
 * Calls that need CAP_SYS_ADMIN itself. The kernel asks for it whenever memory is reserved, and nothing hangs on the
 * answer (cap_vm_enough_memory() of security/commoncap.c): mmap, brk, execve, fork and writes to tmpfs do so.
 */
const NEED_ADMIN: ReadonlySet<string> = new Set(
  (
    'bpf capset chroot fanotify_init fremovexattr fsconfig fsetxattr fsmount fsopen fspick ioctl keyctl landlock_restrict_self ' +
    'lookup_dcookie lremovexattr lsetxattr mount mount_setattr move_mount open_tree perf_event_open pivot_root prctl quotactl ' +
    'quotactl_fd removexattr removexattrat seccomp setdomainname sethostname setns setxattr setxattrat shmctl swapoff swapon ' +
    'syslog umount2 unshare'
  ).split(' '),
);

/** Calls that reserve memory for a new process, and need the capability for its new namespaces. */
const MAKE_PROCESSES = ['clone', 'clone3'];

/** Capabilities that a service which needs them uses from its first day on. Root's are only refused by a bounding set. */
const RARE: ReadonlySet<string> = new Set(
  (
    'CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_BLOCK_SUSPEND CAP_BPF CAP_CHECKPOINT_RESTORE CAP_LINUX_IMMUTABLE CAP_MAC_ADMIN ' +
    'CAP_MAC_OVERRIDE CAP_PERFMON CAP_SYSLOG CAP_SYS_BOOT CAP_SYS_MODULE CAP_SYS_PACCT CAP_SYS_RAWIO CAP_SYS_TIME ' +
    'CAP_SYS_TTY_CONFIG CAP_WAKE_ALARM'
  ).split(' '),
);

function used(facts: ProfileFacts): ReadonlySet<string> {
  const makesNamespaces = namespacesSeen(facts.profile)?.size !== 0;
  const needsAdmin = (call: string) =>
    NEED_ADMIN.has(call) || (makesNamespaces && MAKE_PROCESSES.includes(call));
  const isUsed = (name: string) => {
    const calls = facts.granted(name);
    if (name === 'CAP_SYS_ADMIN') return calls?.some(needsAdmin);
    return calls !== undefined || (RARE.has(name) && isRoot(facts) && facts.wasRefused(name));
  };
  return new Set(CAPABILITIES.filter(isUsed));
}

/** Capabilities of root over other users' files: who needs one to read may need another to write. */
const OVER_FILES = ['CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH', 'CAP_FOWNER'];

/**
 * Capabilities that a daemon which changes its user may need one day, be they not seen: after a log rotation it hands new
 * files to that user, or opens that user's own, and it ends that user's processes where they hang.
 */
function forOtherUser(facts: ProfileFacts, needed: ReadonlySet<string>): readonly string[] {
  if (!needed.has('CAP_SETUID')) return [];
  const opens = OVER_FILES.some((name) => needed.has(name)) || facts.changedBelow('/var/log').length > 0;
  return ['CAP_CHOWN', ...(opens ? ['CAP_DAC_OVERRIDE'] : []), 'CAP_KILL'];
}

function boundingSet(facts: ProfileFacts): DirectiveVerdict {
  const ambient = capabilitySet(facts.unit.get('AmbientCapabilities') ?? [], false);
  const own = capabilitySet(facts.unit.get('CapabilityBoundingSet') ?? [], true);
  const needed = used(facts);
  const kept = forOtherUser(facts, needed).filter((name) => own.has(name) && !needed.has(name));
  const all = new Set([...ambient, ...needed, ...kept]);
  const names = CAPABILITIES.filter((name) => own.has(name) && all.has(name)).sort();
  if (names.length === 0) return proved('', `No capability was used in ${facts.time}.`);
  const besides = kept.length > 0 ? ` Kept for logs and processes of another user: ${kept.join(', ')}.` : '';
  return proved(names, `No other capability was used in ${facts.time}.${besides}`);
}

/** The unit's capabilities without those that would have been used by now. */
function usualSet(facts: ProfileFacts): DirectiveVerdict | undefined {
  const own = capabilitySet(facts.unit.get('CapabilityBoundingSet') ?? [], true);
  const needed = new Set([
    ...used(facts),
    ...capabilitySet(facts.unit.get('AmbientCapabilities') ?? [], false),
  ]);
  const names = CAPABILITIES.filter((name) => own.has(name) && (needed.has(name) || !RARE.has(name))).sort();
  return names.length === 0
    ? undefined
    : proved(names, `All but rare capabilities that were not used in ${facts.time}.`);
}

/**
 * Whether a service gains nothing by the files of its programs. systemd's own execve of these gives a set-user-ID program
 * its owner, and where the user isn't root, file capabilities (capabilities(7)): they show where they are used, and those
 * that the unit gives itself stay.
 */
function noNewPrivileges(facts: ProfileFacts): DirectiveVerdict {
  const call = facts.made('execve', 'execveat');
  if (call !== undefined) return not('programs were executed, which may gain privileges from their files');
  const root = otherRoot(facts);
  if (root !== undefined) return not(root);
  const { programs } = facts.profile;
  const other = programs.find(({ path }) => !facts.isPlain(path));
  if (other || programs.length === 0)
    return not(`${other?.path ?? 'its program'} may have a set-user-ID or set-group-ID bit`);
  const gained = isRoot(facts) ? undefined : gainedByFile(facts);
  return gained === undefined
    ? proved(true, `No program has set-ID bits, and none executed another in ${facts.time}.`)
    : not(gained);
}

const isRoot = (facts: ProfileFacts): boolean =>
  facts.scope === 'system' && runsAsRoot(facts) && facts.last('SecureBits') === '';

/** The reason why a program of another user than root may have capabilities by its file. */
function gainedByFile(facts: ProfileFacts): string | undefined {
  const incomplete = facts.whyIncomplete(['capabilities']);
  if (incomplete !== undefined) return incomplete;
  const ambient = capabilitySet(facts.unit.get('AmbientCapabilities') ?? [], false);
  const gained = facts.profile.capabilities.find(({ name, granted }) => granted && !ambient.has(name));
  return gained && `${gained.name} was used, which may come from the program's file`;
}

export const PRIVILEGES: readonly DirectiveCheck[] = [
  {
    name: 'PrivateUsers',
    wanted: true,
    by: ['arguments', 'calls', 'capabilities', 'paths'],
    check: privateUsers,
    waits: true,
  },
  {
    name: 'CapabilityBoundingSet',
    wanted: 'the capabilities',
    by: ['capabilities'],
    check: boundingSet,
    waits: true,
    meanwhile: usualSet,
  },
  { name: 'NoNewPrivileges', wanted: true, by: ['calls', 'programs'], waits: true, check: noNewPrivileges },
];
