/** Needs of units by which people and machines get in, and what takes each of them. */

import {
  asOther,
  bounding,
  CONSOLES,
  closing,
  DEVICES,
  executing,
  hiding,
  isSet,
  NO_GROUPS,
  NOT_ROOT,
  OTHER_USERS,
  overMachine,
  REACH,
  REACH6,
  type Taker,
  unbound,
  WITHOUT_GAIN,
  without,
} from './takers.js';

export type NeedName =
  | 'accounts'
  | 'administration'
  | 'audit'
  | 'clock'
  | 'consoles'
  | 'devices'
  | 'exec'
  | 'gain'
  | 'groups'
  | 'homes'
  | 'identity'
  | 'kernel-log'
  | 'listening'
  | 'local'
  | 'modules'
  | 'mounts'
  | 'namespaces'
  | 'netadmin'
  | 'netlink'
  | 'outside'
  | 'ownership'
  | 'passwords'
  | 'pids'
  | 'ports'
  | 'reach'
  | 'record'
  | 'separation'
  | 'sessions'
  | 'setid'
  | 'settings'
  | 'state'
  | 'system'
  | 'terminals'
  | 'tunables';

/** A call with arguments, as registers. */
export interface NeededCall {
  readonly call: string;
  readonly args: readonly bigint[];
  /** Errnos by which it may fail all the same. */
  readonly errnos?: readonly string[];
}

export interface Need {
  /** The end of a sentence about a line that takes it. */
  readonly taken: string;
  readonly takers: readonly Taker[];
  /** Calls in groups: one of each group must pass. */
  readonly calls?: readonly (readonly NeededCall[])[];
  /**
   * Whether they count only where an entry denies them: a list of what is allowed may stem from a watch in which nobody
   * needed them.
   */
  readonly ifDenied?: boolean;
}

const call = (name: string, ...args: readonly bigint[]): NeededCall => ({ call: name, args });

/** Numbers of linux/socket.h, linux/netlink.h and linux/sched.h, which all ABIs with a launcher share. */
const AF_UNIX = 1n;
const AF_INET = 2n;
const AF_INET6 = 10n;
const AF_NETLINK = 16n;
const SOCK_STREAM = 1n;
const SOCK_RAW = 3n;
const NETLINK_AUDIT = 9n;
const SIGCHLD = 17n;
const CLONE_NEWNS = 0x20000n;

/** Folders of PAM's modules, on Debian and elsewhere. */
const PAM_MODULES = ['lib/x86_64-linux-gnu', 'lib/aarch64-linux-gnu', 'lib64'].map(
  (name) => `/usr/${name}/security`,
);

/** Shells of sessions and of jobs. On Debian sh is dash. */
const SHELLS = ['sh', 'bash', 'dash'].map((name) => `/usr/bin/${name}`);

export const NEEDS: Readonly<Record<NeedName, Need>> = {
  accounts: { taken: 'hides /etc or the list of accounts', takers: [hiding('/etc', '/etc/passwd')] },
  administration: { taken: 'takes CAP_SYS_ADMIN', takers: overMachine('SYS_ADMIN') },
  audit: {
    taken: "closes the kernel's audit log to the service",
    takers: [],
    // libaudit, and PAM by it, take these for a kernel without audit.
    calls: [
      [
        {
          ...call('socket', AF_NETLINK, SOCK_RAW, NETLINK_AUDIT),
          errnos: ['EAFNOSUPPORT', 'EINVAL', 'EPROTONOSUPPORT'],
        },
      ],
    ],
  },
  // Calls are left out: with an option, a server of time leaves the clock alone.
  clock: { taken: 'takes the clock', takers: [isSet('ProtectClock'), bounding('SYS_TIME')] },
  consoles: { taken: 'hides terminals', takers: CONSOLES },
  devices: { taken: 'hides devices', takers: DEVICES },
  exec: {
    taken: 'keeps the service from executing programs',
    takers: executing('/usr/bin', ...SHELLS),
    calls: [[call('execve')], [call('clone', SIGCHLD), call('clone3'), call('fork'), call('vfork')]],
  },
  gain: { taken: 'makes set-user-ID bits ineffective', takers: WITHOUT_GAIN },
  groups: {
    taken: 'makes control groups read-only',
    takers: [isSet('ProtectControlGroups')],
  },
  homes: { taken: 'closes homes', takers: [closing('/home', '/root')] },
  identity: {
    taken: 'keeps the service from becoming another user',
    takers: [bounding('SETUID', 'SETGID'), NO_GROUPS, NOT_ROOT],
    calls: [[call('setgroups')], [call('setuid'), call('setresuid')], [call('setgid'), call('setresgid')]],
  },
  'kernel-log': {
    taken: "closes the kernel's log",
    takers: [isSet('ProtectKernelLogs'), bounding('SYSLOG'), hiding('/proc/kmsg', '/dev/kmsg')],
  },
  listening: {
    taken: 'closes the network to the service, or one of IPv4 and IPv6',
    takers: [...REACH, ...REACH6, unbound(22)],
    // A kernel without IPv6 says so.
    calls: [
      [call('socket', AF_INET, SOCK_STREAM)],
      [{ ...call('socket', AF_INET6, SOCK_STREAM), errnos: ['EAFNOSUPPORT'] }],
    ],
  },
  local: {
    taken: 'closes Unix sockets to the service',
    takers: [without('RestrictAddressFamilies', 'AF_UNIX')],
    calls: [[call('socket', AF_UNIX, SOCK_STREAM)]],
  },
  modules: { taken: 'closes kernel modules to the service', takers: [isSet('ProtectKernelModules')] },
  mounts: {
    taken: 'keeps the service from mounting',
    takers: [],
    calls: [[call('mount'), call('move_mount')], [call('umount2')]],
  },
  namespaces: {
    taken: 'keeps the service from making namespaces',
    takers: [without('RestrictNamespaces', 'mnt'), without('RestrictNamespaces', 'pid')],
    calls: [[call('unshare', CLONE_NEWNS), call('clone', CLONE_NEWNS)], [call('setns')]],
  },
  netadmin: {
    taken: "takes the machine's network from the service",
    takers: [...overMachine('NET_ADMIN'), isSet('PrivateNetwork')],
  },
  netlink: {
    taken: 'closes AF_NETLINK to the service',
    takers: [without('RestrictAddressFamilies', 'AF_NETLINK')],
    calls: [[call('socket', AF_NETLINK, SOCK_RAW)]],
  },
  // Calls are left out: a filter may be learned from jobs.
  outside: { taken: 'closes the network to what the service starts', takers: REACH },
  ownership: {
    taken: 'keeps the service from giving files their owners and modes',
    // Capabilities of a user namespace do for files of its users.
    takers: [
      bounding('CHOWN', 'FOWNER', 'DAC_OVERRIDE'),
      OTHER_USERS,
      asOther('CHOWN', 'FOWNER', 'DAC_OVERRIDE'),
    ],
    calls: [
      [call('chown'), call('fchownat')],
      [call('chmod'), call('fchmodat')],
    ],
  },
  passwords: {
    taken: 'hides what PAM reads',
    takers: [hiding('/etc/pam.d', '/etc/passwd', '/etc/shadow', ...PAM_MODULES)],
  },
  ports: { taken: 'closes ports to the service', takers: [unbound(53)] },
  pids: { taken: "hides the machine's processes", takers: [isSet('PrivatePIDs')] },
  reach: {
    taken: 'closes the network to the service',
    takers: REACH,
    calls: [[call('socket', AF_INET, SOCK_STREAM)]],
  },
  record: { taken: 'takes CAP_AUDIT_WRITE', takers: overMachine('AUDIT_WRITE') },
  separation: {
    taken: 'keeps sshd from starting its process for a connection, which confines itself by chroot',
    takers: [bounding('SYS_CHROOT'), ...executing('/usr/lib/openssh', '/usr/libexec/openssh')],
    calls: [[call('chroot')]],
  },
  sessions: {
    taken: 'takes calls by which sessions begin',
    takers: [],
    ifDenied: true,
    // PAM sets limits by prlimit64(2), and priorities. The C library makes pipes by pipe2(2), and needs no setsid(2).
    calls: [
      [{ ...call('setsid'), errnos: ['EACCES', 'ENOSYS', 'EPERM'] }],
      [call('prlimit64')],
      [call('setpriority')],
      [call('pipe2')],
    ],
  },
  setid: {
    taken: 'keeps the service from setting set-user-ID bits',
    takers: [isSet('RestrictSUIDSGID'), isSet('DynamicUser')],
  },
  settings: { taken: 'closes /etc', takers: [closing('/etc')] },
  state: { taken: 'closes /var', takers: [closing('/var')] },
  system: { taken: 'closes /usr, /etc or /var', takers: [closing('/usr', '/etc', '/var')] },
  terminals: {
    taken: 'keeps the service from giving terminals to people',
    takers: [bounding('CHOWN'), hiding('/dev/pts', '/dev/ptmx')],
    ifDenied: true,
    // The C library makes the second where the machine hasn't the first.
    calls: [[call('chown')], [call('fchownat')]],
  },
  tunables: {
    taken: 'closes /proc/sys and /sys to writes',
    // Root of the machine owns them, also without capabilities.
    takers: [isSet('ProtectKernelTunables'), NOT_ROOT],
  },
};
