/** Directives that take something from a unit, and when. */

import { lazily } from '../../collections.js';
import { capabilitySet } from '../../directives/kinds/names/capabilities.js';
import { runsAsRoot } from '../../directives/kinds/names/user.js';
import { parseSocketRule, type SocketRule, within } from '../../directives/kinds/network/socket-rules.js';
import { directives, findDirective } from '../../directives/table.js';
import { ROOTS } from '../../directives/values/mounts.js';
import { allWords, isOn, lastOf, pathsOf, sinceReset, type UnitValues, wordsOf } from '../../unit/values.js';
import { deniesAddresses } from '../ineffective/addresses.js';
import { CLOSING, closes, forbidsExecution, HIDING, hides } from './taken-paths.js';

/** Directives that may take something. */
export interface Taker {
  readonly directives: readonly string[];
  /**
   * Whether one of them, with these values, takes it.
   * @param systemd the major version
   */
  readonly takes: (unit: UnitValues, directive: string, systemd: number) => boolean;
}

export const isSet = (name: string): Taker => ({ directives: [name], takes: (unit) => isOn(unit, name) });

export const hiding = (...paths: readonly string[]): Taker => ({
  directives: HIDING,
  takes: (unit, directive) => paths.some((path) => hides(unit, directive, path)),
});

export const closing = (...paths: readonly string[]): Taker => ({
  directives: CLOSING,
  takes: (unit, directive) => paths.some((path) => closes(unit, directive, path)),
});

/** CapabilityBoundingSet= without one of the capabilities. */
export const bounding = (...names: readonly string[]): Taker => ({
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
export const overMachine = (...names: readonly string[]): readonly Taker[] => [
  bounding(...names),
  isSet('PrivateUsers'),
  asOther(...names),
];

/** User= and DynamicUser= where ambient capabilities don't give each of the capabilities back. */
export const asOther = (...names: readonly string[]): Taker => ({
  directives: ['User', 'DynamicUser'],
  takes: (unit) => {
    const ambient = capabilitySet(unit.get('AmbientCapabilities') ?? [], false);
    return !runsAsRoot({ unit }) && names.some((name) => !ambient.has(`CAP_${name}`));
  },
});

/** A list that `~` may turn around, where it lets none of the names through. */
export const without = (directive: string, ...names: readonly string[]): Taker => ({
  directives: [directive],
  takes: (unit) => {
    const row = findDirective(directive)!;
    const permitted = row.kind.permitted!(row, unit.get(directive) ?? []);
    return names.every((name) => permitted.names.has(name) !== permitted.only);
  },
});

/** Programs that the service may not execute, or doesn't see. */
export const executing = (...programs: readonly string[]): readonly Taker[] => [
  { directives: ['NoExecPaths'], takes: (unit) => programs.some((path) => forbidsExecution(unit, path)) },
  {
    directives: HIDING.filter((name) => !ROOTS.includes(name)),
    takes: (unit, directive) => programs.some((path) => hides(unit, directive, path)),
  },
];

/** Whether a user namespace lacks the users of the machine: `identity` and `full` have them. */
export const OTHER_USERS: Taker = {
  directives: ['PrivateUsers'],
  takes: (unit) => !['', 'no', 'identity', 'full'].includes(lastOf(unit, 'PrivateUsers')),
};

/** User namespaces in which setgroups(2) fails: `full` alone permits it (systemd.exec(5)). */
export const NO_GROUPS: Taker = {
  directives: ['PrivateUsers'],
  takes: (unit) => !['', 'no', 'full'].includes(lastOf(unit, 'PrivateUsers')),
};

export const NOT_ROOT: Taker = {
  directives: ['User', 'DynamicUser'],
  takes: (unit) => !runsAsRoot({ unit }),
};

/**
 * Whether a service of another user than root gets no_new_privs with the filter of a directive: systemd kept no
 * capability for it before 255.
 */
const isImplied = (unit: UnitValues, directive: string, systemd: number): boolean =>
  systemd < 255 && !runsAsRoot({ unit }) && isOn(unit, directive);

const filtered = lazily(() =>
  directives()
    .filter(({ refuses }) => refuses)
    .map(({ name }) => name),
);

/** Directives by which set-user-ID bits have no effect. */
export const WITHOUT_GAIN: readonly Taker[] = [
  isSet('NoNewPrivileges'),
  isSet('DynamicUser'),
  // Those that systemd enforces by a filter of its own.
  {
    get directives() {
      return filtered();
    },
    takes: isImplied,
  },
  {
    directives: ['SecureBits'],
    takes: (unit) => allWords(unit.get('SecureBits') ?? []).includes('noroot'),
  },
];

/** IPAddressDeny= with all addresses of a family, to which IPAddressAllow= makes none but local exceptions. */
const denying = (prefix: string): Taker => ({
  directives: ['IPAddressDeny'],
  takes: (unit) => {
    const allowed = allWords(unit.get('IPAddressAllow') ?? []);
    const isLocal = allowed.every((word) => /^(?:localhost$|multicast$|127\.|::1(?:\/128)?$)/.test(word));
    return isLocal && deniesAddresses(sinceReset(unit.get('IPAddressDeny') ?? []), [prefix]);
  },
});

/** Takers of the network, as most clients and servers use it: by IPv4. */
export const REACH: readonly Taker[] = [
  isSet('PrivateNetwork'),
  isSet('NetworkNamespacePath'),
  without('RestrictAddressFamilies', 'AF_INET'),
  denying('0.0.0.0/0'),
  {
    directives: ['RestrictNetworkInterfaces'],
    takes: (unit, directive) => {
      const row = findDirective(directive)!;
      const { only, names } = row.kind.permitted!(row, unit.get(directive) ?? []);
      return only && [...names].every((name) => name === 'lo');
    },
  },
];

/** Whether SocketBindDeny= closes a rule's ports, and SocketBindAllow= opens no port of its family. */
const closesPorts = (unit: UnitValues, rule: SocketRule): boolean => {
  const rules = (name: string) =>
    sinceReset(unit.get(name) ?? []).flatMap((text) => parseSocketRule(text) ?? []);
  const isOpen = ({ family, protocol }: SocketRule) =>
    [rule.family, 'any'].includes(family) && [rule.protocol, 'any'].includes(protocol);
  return rules('SocketBindDeny').some((one) => within(one, rule)) && !rules('SocketBindAllow').some(isOpen);
};

/** SocketBindDeny= with a port of TCP, by IPv4 or by IPv6. */
export const unbound = (port: number): Taker => ({
  directives: ['SocketBindDeny'],
  takes: (unit) =>
    ['ipv4', 'ipv6'].some((family) => closesPorts(unit, { family, protocol: 'tcp', ports: [port, port] })),
});

/** Takers of IPv6. */
export const REACH6: readonly Taker[] = [without('RestrictAddressFamilies', 'AF_INET6'), denying('::/0')];

/** Takers of all devices. */
export const DEVICES: readonly Taker[] = [
  isSet('PrivateDevices'),
  {
    directives: ['DevicePolicy'],
    takes: (unit) =>
      ['closed', 'strict'].includes(lastOf(unit, 'DevicePolicy')) && allowedDevices(unit).length === 0,
  },
  { directives: ['DeviceAllow'], takes: (unit) => lacksDevices(unit, (path) => !PSEUDO.test(path)) },
  hiding('/dev'),
];

/** Devices that any unit may use under DevicePolicy=closed (systemd.resource-control(5)). */
const PSEUDO = /^\/dev\/(?:null|zero|full|random|urandom|tty|ptmx|pts\/.*)$/;

/** Names of terminals with which a login begins, and of classes of devices. */
const TERMINALS = ['/dev/tty', '/dev/console', '/dev/hvc', '/dev/xvc', 'char-'];

/** Whether a device is a terminal; /dev/tty stands for the one that a process has already. */
const isTerminal = (path: string): boolean =>
  path !== '/dev/tty' && TERMINALS.some((name) => path.startsWith(name));

const allowedDevices = (unit: UnitValues): string[] =>
  sinceReset(unit.get('DeviceAllow') ?? []).flatMap(firstOf);

const firstOf = (text: string): string[] => wordsOf(text).slice(0, 1);

/** Whether DeviceAllow= lists devices, none of which is of a kind. */
const lacksDevices = (unit: UnitValues, isOfKind: (path: string) => boolean): boolean => {
  const allowed = allowedDevices(unit);
  return allowed.length > 0 && !allowed.some(isOfKind);
};

/** Takers of consoles. */
export const CONSOLES: readonly Taker[] = [
  ...DEVICES,
  { directives: ['DeviceAllow'], takes: (unit) => lacksDevices(unit, isTerminal) },
  {
    directives: ['InaccessiblePaths'],
    takes: (unit, directive) => pathsOf(unit, directive).some(isTerminal),
  },
];
