/** Needs of units by which people and machines get in, and what takes each of them. */

import { capabilitySet } from '../../directives/kinds/names/capabilities.js';
import { runsAsRoot } from '../../directives/kinds/names/user.js';
import { DIRECTIVES, findDirective } from '../../directives/table.js';
import { allWords, isOn, lastOf, sinceReset, type UnitValues } from '../../unit/values.js';
import { deniesAddresses } from '../ineffective/addresses.js';
import { CLOSING, closes, forbidsExecution, HIDING, hides } from './taken-paths.js';

export type NeedName =
  | 'accounts'
  | 'administration'
  | 'audit'
  | 'clock'
  | 'devices'
  | 'exec'
  | 'gain'
  | 'groups'
  | 'homes'
  | 'identity'
  | 'local'
  | 'modules'
  | 'mounts'
  | 'namespaces'
  | 'netadmin'
  | 'netlink'
  | 'ownership'
  | 'passwords'
  | 'pids'
  | 'reach'
  | 'record'
  | 'setid'
  | 'settings'
  | 'state'
  | 'system'
  | 'tunables';

/** Directives that may take something. */
export interface Taker {
  readonly directives: readonly string[];
  /**
   * Whether one of them, with these values, takes it.
   * @param systemd the major version
   */
  readonly takes: (unit: UnitValues, directive: string, systemd: number) => boolean;
}

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
}

const isSet = (name: string): Taker => ({ directives: [name], takes: (unit) => isOn(unit, name) });

const hiding = (...paths: readonly string[]): Taker => ({
  directives: HIDING,
  takes: (unit, directive) => paths.some((path) => hides(unit, directive, path)),
});

const closing = (...paths: readonly string[]): Taker => ({
  directives: CLOSING,
  takes: (unit, directive) => paths.some((path) => closes(unit, directive, path)),
});

/** CapabilityBoundingSet= without one of the capabilities. */
const bounding = (...names: readonly string[]): Taker => ({
  directives: ['CapabilityBoundingSet'],
  takes: (unit, directive) => {
    const set = capabilitySet(unit.get(directive) ?? [], true);
    return names.some((name) => !set.has(`CAP_${name}`));
  },
});

/**
 * Takers of capabilities over the machine. A user namespace gives none, whatever its users are; another user than root
 * has ambient ones alone (systemd.exec(5)).
 */
const overMachine = (...names: readonly string[]): readonly Taker[] => [
  bounding(...names),
  isSet('PrivateUsers'),
  asOther(...names),
];

/** User= and DynamicUser= where ambient capabilities don't give each of the capabilities back. */
const asOther = (...names: readonly string[]): Taker => ({
  directives: ['User', 'DynamicUser'],
  takes: (unit) => {
    const ambient = capabilitySet(unit.get('AmbientCapabilities') ?? [], false);
    return !runsAsRoot({ unit }) && names.some((name) => !ambient.has(`CAP_${name}`));
  },
});

/** A list that `~` may turn around, where it lets none of the names through. */
const without = (directive: string, ...names: readonly string[]): Taker => ({
  directives: [directive],
  takes: (unit) => {
    const row = findDirective(directive)!;
    const permitted = row.kind.permitted!(row, unit.get(directive) ?? []);
    return names.every((name) => permitted.names.has(name) !== permitted.only);
  },
});

const call = (name: string, ...args: readonly bigint[]): NeededCall => ({ call: name, args });

/** Numbers of linux/socket.h, linux/netlink.h and linux/sched.h, which all ABIs with a launcher share. */
const AF_UNIX = 1n;
const AF_INET = 2n;
const AF_NETLINK = 16n;
const SOCK_STREAM = 1n;
const SOCK_RAW = 3n;
const NETLINK_AUDIT = 9n;
const SIGCHLD = 17n;
const CLONE_NEWNS = 0x20000n;

/** Whether a user namespace lacks the users of the machine: `identity` and `full` have them. */
const hasOtherUsers = (unit: UnitValues): boolean =>
  !['', 'no', 'identity', 'full'].includes(lastOf(unit, 'PrivateUsers'));

/**
 * Whether a service of another user than root gets no_new_privs with the filter of a directive: systemd kept no
 * capability for it before 255.
 */
const isImplied = (unit: UnitValues, directive: string, systemd: number): boolean =>
  systemd < 255 && !runsAsRoot({ unit }) && isOn(unit, directive);

/** Directives that systemd enforces by a filter of its own. */
const FILTERED: readonly string[] = DIRECTIVES.filter(({ refuses }) => refuses).map(({ name }) => name);

const REACH: readonly Taker[] = [
  isSet('PrivateNetwork'),
  without('RestrictAddressFamilies', 'AF_INET', 'AF_INET6'),
  {
    directives: ['IPAddressDeny'],
    takes: (unit) => {
      const allowed = allWords(unit.get('IPAddressAllow') ?? []);
      const isLocal = allowed.every((word) => word === 'localhost' || /^(?:127\.|::1(?:\/128)?$)/.test(word));
      return isLocal && deniesAddresses(sinceReset(unit.get('IPAddressDeny') ?? []), ['any']);
    },
  },
  {
    directives: ['SocketBindDeny'],
    takes: (unit) =>
      sinceReset(unit.get('SocketBindDeny') ?? []).includes('any') && lastOf(unit, 'SocketBindAllow') === '',
  },
];

export const NEEDS: Readonly<Record<NeedName, Need>> = {
  accounts: { taken: 'hides /etc', takers: [hiding('/etc')] },
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
  devices: {
    taken: 'hides devices',
    takers: [
      isSet('PrivateDevices'),
      {
        directives: ['DevicePolicy'],
        takes: (unit) =>
          ['closed', 'strict'].includes(lastOf(unit, 'DevicePolicy')) &&
          allWords(unit.get('DeviceAllow') ?? []).length === 0,
      },
      hiding('/dev'),
    ],
  },
  exec: {
    taken: 'keeps the service from executing programs',
    takers: [
      { directives: ['NoExecPaths'], takes: (unit) => forbidsExecution(unit, '/usr/bin') },
      {
        directives: ['InaccessiblePaths', 'TemporaryFileSystem'],
        takes: (unit, directive) => hides(unit, directive, '/usr/bin'),
      },
    ],
    calls: [[call('execve')], [call('clone', SIGCHLD), call('clone3'), call('fork'), call('vfork')]],
  },
  gain: {
    taken: 'makes set-user-ID bits ineffective',
    takers: [
      isSet('NoNewPrivileges'),
      isSet('DynamicUser'),
      { directives: FILTERED, takes: isImplied },
      {
        directives: ['SecureBits'],
        takes: (unit) => allWords(unit.get('SecureBits') ?? []).includes('noroot'),
      },
    ],
  },
  groups: {
    taken: 'makes control groups read-only',
    takers: [isSet('ProtectControlGroups')],
  },
  homes: { taken: 'closes homes', takers: [closing('/home', '/root')] },
  identity: {
    taken: 'keeps the service from becoming another user',
    takers: [
      bounding('SETUID', 'SETGID'),
      { directives: ['PrivateUsers'], takes: hasOtherUsers },
      { directives: ['User', 'DynamicUser'], takes: (unit) => !runsAsRoot({ unit }) },
    ],
    calls: [[call('setgroups')], [call('setuid'), call('setresuid')], [call('setgid'), call('setresgid')]],
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
  ownership: {
    taken: 'keeps the service from giving files their owners and modes',
    // Capabilities of a user namespace do for files of its users.
    takers: [
      bounding('CHOWN', 'FOWNER', 'DAC_OVERRIDE'),
      { directives: ['PrivateUsers'], takes: hasOtherUsers },
      asOther('CHOWN', 'FOWNER', 'DAC_OVERRIDE'),
    ],
    calls: [
      [call('chown'), call('fchownat')],
      [call('chmod'), call('fchmodat')],
    ],
  },
  passwords: {
    taken: 'hides what PAM reads',
    takers: [hiding('/etc/pam.d', '/etc/passwd', '/etc/shadow')],
  },
  pids: { taken: "hides the machine's processes", takers: [isSet('PrivatePIDs')] },
  reach: {
    taken: 'closes the network to the service',
    takers: REACH,
    calls: [[call('socket', AF_INET, SOCK_STREAM)]],
  },
  record: { taken: 'takes CAP_AUDIT_WRITE', takers: overMachine('AUDIT_WRITE') },
  setid: {
    taken: 'keeps the service from setting set-user-ID bits',
    takers: [isSet('RestrictSUIDSGID'), isSet('DynamicUser')],
  },
  settings: { taken: 'closes /etc', takers: [closing('/etc')] },
  state: { taken: 'closes /var', takers: [closing('/var')] },
  system: { taken: 'closes /usr, /etc or /var', takers: [closing('/usr', '/etc', '/var')] },
  tunables: {
    taken: 'closes /proc/sys and /sys to writes',
    // Root of the machine owns them, also without capabilities.
    takers: [
      isSet('ProtectKernelTunables'),
      { directives: ['User', 'DynamicUser'], takes: (unit) => !runsAsRoot({ unit }) },
    ],
  },
};
