/** Directives that close the kernel's own interfaces. */

import { constantValue } from '../../../../seccomp/syscalls/constants.js';
import { NO_TUNABLES, TUNABLES } from '../../../../systemd/directives/values/mounts.js';
import { allWords } from '../../../../systemd/unit/values.js';
import { NAMESPACES, namespacesSeen } from '../namespaces.js';
import { listedDevices } from './devices.js';
import {
  type Closing,
  type DirectiveCheck,
  type DirectiveVerdict,
  isBelow,
  MAKING,
  needed,
  not,
  type ProfileFacts,
  proved,
} from './facts.js';

/** A directive that is on unless the service needs what it closes. */
const closes = (name: string, what: string, closing: Closing): DirectiveCheck => ({
  name,
  wanted: true,
  by: closing.hidden || closing.unchanged ? ['calls', 'paths'] : ['calls'],
  check: (facts) => {
    const need = needed(facts, closing);
    return need === undefined ? proved(true, `${what} in ${facts.time}.`) : not(need);
  },
});

/** CLOCK_REALTIME_ALARM and CLOCK_BOOTTIME_ALARM (timerfd_create(2)): they need CAP_WAKE_ALARM. */
const ALARMS = [8n, 9n];

/** The reason why a timer may wake the machine up. A kernel that shows capabilities shows it by these. */
function alarm(facts: ProfileFacts): string | undefined {
  if (facts.whyIncomplete(['capabilities']) === undefined) return undefined;
  const clocks = ['timer_create', 'timerfd_create'].map((call) => facts.values(call, 0));
  if (clocks.includes(undefined)) return 'not all clocks of timers were recorded';
  return clocks.some((values) => values!.some((clock) => ALARMS.includes(clock)))
    ? 'a timer wakes the machine up'
    : undefined;
}

/** The first systemd whose ProtectClock= leaves devices as they are: older ones allow /dev/rtc, and so no other. */
const LEAVES_DEVICES = 253;

/** The reason why ProtectClock= would close a device (systemd#25075). Those that DeviceAllow= lists stay open. */
function deviceClosedByClock(facts: ProfileFacts): string | undefined {
  if (facts.systemd >= LEAVES_DEVICES || allWords(facts.unit.get('DeviceAllow') ?? []).length > 0)
    return undefined;
  const devices = listedDevices(facts);
  return typeof devices === 'string' ? `${devices}, and ProtectClock= would close devices` : undefined;
}

function restrictNamespaces(facts: ProfileFacts): DirectiveVerdict {
  const { profile, time } = facts;
  const seen = namespacesSeen(profile);
  if (!seen) return not('not all flags of unshare and setns were recorded');
  if (seen.size === 0) return proved(true, `No namespace was made or entered in ${time}.`);
  const names = facts.permitted('RestrictNamespaces', [...seen].sort());
  if (names.length === 0) return proved(true, `No namespace that the unit permits was made in ${time}.`);
  return seen.size === NAMESPACES.length
    ? not('the service made namespaces of all kinds')
    : proved(names, `Only these namespaces were made or entered in ${time}.`);
}

/** SCHED_OTHER, SCHED_BATCH, SCHED_IDLE: all that systemd lets through (seccomp-util.c). */
const NOT_REALTIME = [0n, 3n, 5n];

function restrictRealtime(facts: ProfileFacts): DirectiveVerdict {
  const policies = ['sched_setscheduler', 'sched_setattr'].map((call) => facts.values(call, 1));
  if (policies.includes(undefined)) return not('not all scheduling policies were recorded');
  return policies.every((values) => values!.every((policy) => NOT_REALTIME.includes(policy)))
    ? proved(true, `No realtime scheduling was requested in ${facts.time}.`)
    : not('realtime scheduling was requested');
}

/** Calls with the place of their argument that has a mode, besides those that open files. */
const MODES: readonly (readonly [call: string, argument: number])[] = [
  ['chmod', 1],
  ['fchmod', 1],
  ['fchmodat', 2],
  ['fchmodat2', 2],
  ...MAKING,
];
const SET_ID = 0o6000;

function restrictSetId(facts: ProfileFacts): DirectiveVerdict {
  const asked = MODES.map(([call, position]) => facts.values(call, position));
  if (asked.includes(undefined)) return not('not all modes of chmod, mkdir or mknod were recorded');
  if (facts.made('openat2'))
    return not("openat2 was called, which RestrictSUIDSGID= refuses because filters can't see its mode");
  const modes = [...facts.profile.modes, ...asked.flatMap((values) => values!.map(Number))];
  return modes.every((mode) => (mode & SET_ID) === 0)
    ? proved(true, `No file got a set-user-ID or set-group-ID bit in ${facts.time}.`)
    : not('a call gave a file a set-user-ID or set-group-ID bit, or tried to');
}

/** The domain of all programs of the native ABI, and the value that only asks (personality(2)). */
const PLAIN_DOMAINS = [0n, 0xffffffffn];

function lockPersonality(facts: ProfileFacts): DirectiveVerdict {
  const domains = facts.values('personality', 0);
  if (!domains) return not('not all arguments of personality were recorded');
  return domains.every((domain) => PLAIN_DOMAINS.includes(domain))
    ? proved(true, `No other execution domain was requested in ${facts.time}.`)
    : not('another execution domain was requested');
}

/** Calls with the argument whose bits make memory executable, and the bits that MemoryDenyWriteExecute= refuses. */
const PROTECTIONS: readonly (readonly [call: string, bits: readonly string[]])[] = [
  ['mmap', ['PROT_EXEC', 'PROT_WRITE']],
  ['mmap2', ['PROT_EXEC', 'PROT_WRITE']],
  ['mprotect', ['PROT_EXEC']],
  ['pkey_mprotect', ['PROT_EXEC']],
  ['shmat', ['SHM_EXEC']],
];
const PROTECTION = 2;

function denyWriteExecute(facts: ProfileFacts): DirectiveVerdict {
  for (const [call, names] of PROTECTIONS) {
    const values = facts.values(call, PROTECTION);
    if (!values) return not(`not all protections of ${call} were recorded`);
    const mask = names.reduce((bits, name) => bits | constantValue('x86-64', name)!, 0n);
    if (values.some((bits) => (bits & mask) === mask)) return not(`${call} made memory executable`);
  }
  if (facts.codeMaker !== undefined) return not(facts.codeMaker);
  return proved(true, `No writable memory was made executable in ${facts.time}.`);
}

/** The reason why ProtectKernelTunables= would refuse a change. */
function changedTunable(facts: ProfileFacts): string | undefined {
  const changed = facts.changedBelow(...TUNABLES).find(({ path }) => !isBelow(path, NO_TUNABLES));
  return changed && `${changed.path} was changed`;
}

export const KERNEL: readonly DirectiveCheck[] = [
  closes('ProtectClock', 'No clock was set', {
    calls: ['adjtimex', 'clock_adjtime', 'clock_settime', 'settimeofday', 'stime'],
    capabilities: ['CAP_SYS_TIME', 'CAP_WAKE_ALARM'],
    hidden: ['/dev/rtc', ...[0, 1, 2].map((number) => `/dev/rtc${number}`)],
    also: (facts) => alarm(facts) ?? deviceClosedByClock(facts),
  }),
  {
    ...closes('ProtectControlGroups', '', {}),
    by: ['paths'],
    check: (facts) => {
      if (!['', 'no'].includes(facts.last('Delegate'))) return undefined;
      const [changed] = facts.changedBelow('/sys/fs/cgroup');
      if (changed) return not(`${changed.path} was changed`);
      return proved(true, `No control group was changed in ${facts.pathTime}.`);
    },
  },
  closes('ProtectHostname', 'The host name was not set', {
    calls: ['sethostname', 'setdomainname'],
    unchanged: ['/proc/sys/kernel/hostname', '/proc/sys/kernel/domainname'],
  }),
  closes('ProtectKernelLogs', "The kernel's log was not used", {
    calls: ['syslog'],
    capabilities: ['CAP_SYSLOG'],
    hidden: ['/dev/kmsg', '/proc/kmsg'],
  }),
  closes('ProtectKernelModules', 'No kernel module was loaded or looked for', {
    calls: ['init_module', 'finit_module', 'delete_module'],
    capabilities: ['CAP_SYS_MODULE'],
    hidden: ['/usr/lib/modules', '/lib/modules'],
  }),
  closes('ProtectKernelTunables', 'No kernel setting was changed', {
    hidden: ['/proc/kallsyms', '/proc/kcore', '/sys/kernel/debug', '/sys/kernel/tracing'],
    also: changedTunable,
  }),
  { name: 'LockPersonality', wanted: true, by: ['arguments', 'calls'], check: lockPersonality },
  {
    name: 'MemoryDenyWriteExecute',
    wanted: true,
    by: ['arguments', 'calls'],
    waits: true,
    check: denyWriteExecute,
  },
  { name: 'RestrictNamespaces', wanted: true, by: ['calls', 'fork-flags'], check: restrictNamespaces },
  { name: 'RestrictRealtime', wanted: true, by: ['arguments', 'calls'], check: restrictRealtime },
  { name: 'RestrictSUIDSGID', wanted: true, by: ['arguments', 'calls', 'modes'], check: restrictSetId },
];
