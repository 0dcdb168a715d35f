/** Directives that close the network. */

import type { RecordedPeer } from '../../../../observe/recording/recording.js';
import { familiesFor, familyName, isNamedFamily, socketsSeen } from '../rules/sockets.js';
import { type DirectiveCheck, type DirectiveVerdict, not, type ProfileFacts, proved } from './facts.js';

const [UNIX, INET, INET6, NETLINK] = [1, 2, 10, 16];
const IP: readonly number[] = [INET, INET6];

/** Families that other work of a service may need, as of a resolver or a log. */
const COMMON: readonly bigint[] = [UNIX, INET, INET6, NETLINK].map(BigInt);

function addressFamilies(
  facts: ProfileFacts,
  besides: readonly bigint[] = [],
  why = 'Libraries may use one of these families instead of another.',
): DirectiveVerdict {
  const seen = socketsSeen(facts.profile);
  if (!seen) return not('not all families of sockets were recorded');
  if (seen.size === 0 && !facts.reaches('socket'))
    return proved('none', `No socket was created in ${facts.time}.`);
  // A socket of AF_UNSPEC is refused by any kernel.
  const families = familiesFor([...seen.keys(), ...besides]).filter((family) => family !== 0n);
  const nameless = families.find((family) => !isNamedFamily(family));
  if (nameless !== undefined) return not(`the address family ${nameless} has no name`);
  const names = facts.permitted('RestrictAddressFamilies', families.map(familyName));
  return proved(
    names.length > 0 ? names : 'none',
    `No socket of another family was created in ${facts.time}. ${why}`,
  );
}

const commonFamilies = (facts: ProfileFacts): DirectiveVerdict =>
  addressFamilies(facts, COMMON, 'Services may need the common ones at times.');

const MOST_PORTS = 8;
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'tcp'],
  [2, 'udp'],
]);

const bound = (facts: ProfileFacts): RecordedPeer[] =>
  facts.peers.filter(
    ({ use, family, errno }) => use === 'bind' && IP.includes(family) && errno === undefined,
  );

/** Of either IP: hosts differ in which they have. */
const ruleOf = ({ type, port }: RecordedPeer): string | undefined => {
  const protocol = PROTOCOLS.get(type & 0xf);
  return protocol && port ? `${protocol}:${port}` : undefined;
};

/** Ports that were bound; undefined where a port was the kernel's choice, or there are many. */
function portRules(facts: ProfileFacts): string[] | undefined {
  const rules = bound(facts).map(ruleOf);
  if (rules.includes(undefined)) return undefined;
  const once = [...new Set(rules as string[])].sort();
  return once.length > MOST_PORTS ? undefined : once;
}

const denyPorts = (facts: ProfileFacts): DirectiveVerdict =>
  portRules(facts)
    ? proved('any', `No other port was bound in ${facts.time}.`)
    : not('the bound ports vary, or are too many to list');

function allowPorts(facts: ProfileFacts): DirectiveVerdict | undefined {
  const rules = portRules(facts) ?? [];
  return rules.length === 0 ? undefined : proved(rules, 'The ports that were bound.');
}

/** Files about the interfaces, connections and settings of the network namespace that one is in. */
const NETWORK_FILES = [
  /^\/proc\/(?:(?:(?:\d+|self|thread-self)\/(?:task\/\d+\/)?)?net|sys\/net)(?:\/|$)/,
  /^\/sys\/(?:class|devices\/.+)\/net(?:\/|$)/,
];

/** A network of its own has no abstract sockets of others, and no interface but its own loopback. */
function privateNetwork(facts: ProfileFacts): DirectiveVerdict | undefined {
  const seen = socketsSeen(facts.profile);
  if (!seen) return not('not all families of sockets were recorded');
  if ([...seen.keys()].some((family) => family !== BigInt(UNIX))) return undefined;
  if (IP.concat(NETLINK).some((family) => facts.peers.some((peer) => peer.family === family)))
    return undefined;
  const abstract = facts.peers.find(({ address }) => address.startsWith('@'));
  if (abstract) return not(`the abstract socket ${abstract.address} belongs to the network namespace`);
  const file = facts.below('/proc', '/sys').find(({ path }) => NETWORK_FILES.some((one) => one.test(path)));
  if (file) return not(`${file.path} was used, which shows the host's network`);
  return proved(true, `No network socket was created or used in ${facts.time}.`);
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const MOST_ADDRESSES = 16;

/** An address by its characters: words and prefixes, of which recordings of others may have any, mean more than one. */
const ONE_ADDRESS = /^(?:[\d.]+|[\da-f:.]*:[\da-f:.]*)$/;

/** Addresses of peers, of those that are asked for; undefined where they are many, or one is none. */
function peerAddresses(facts: ProfileFacts): string[] | undefined {
  const peers = facts.peers.filter(
    ({ use, family, errno, address }) =>
      use !== 'bind' && IP.includes(family) && errno === undefined && address !== '',
  );
  if (!peers.every(({ address }) => ONE_ADDRESS.test(address))) return undefined;
  const all = peers.map(({ address }) =>
    LOOPBACK.test(address) ? 'localhost' : address.replace(/^::ffff:/, ''),
  );
  const once = [...new Set(all)].sort();
  return once.length > MOST_ADDRESSES ? undefined : once;
}

function denyAddresses(facts: ProfileFacts): DirectiveVerdict | undefined {
  if (!facts.addresses) return undefined;
  return peerAddresses(facts)
    ? proved('any', `No other address was used in ${facts.time}.`)
    : not('too many addresses were used to list them, or an invalid one');
}

function allowAddresses(facts: ProfileFacts): DirectiveVerdict | undefined {
  const addresses = facts.addresses ? (peerAddresses(facts) ?? []) : [];
  return addresses.length === 0 ? undefined : proved(addresses, 'The addresses that were used.');
}

/** Calls on objects of System V and of POSIX message queues. */
const SHARED_OBJECTS = ['msgget', 'semget', 'shmget', 'mq_open', 'ipc'];

/** Commands of a user's unit after its first can't enter its namespace: systemd 257 fails with 226/NAMESPACE at a reload. */
function privateIpc(facts: ProfileFacts): DirectiveVerdict | undefined {
  if (facts.scope === 'user') return undefined;
  const call = facts.made(...SHARED_OBJECTS);
  return call === undefined
    ? proved(true, `No System V IPC object and no message queue was used in ${facts.time}.`)
    : not(`${call} was called`);
}

export const NETWORK: readonly DirectiveCheck[] = [
  {
    name: 'RestrictAddressFamilies',
    wanted: 'the families',
    by: ['arguments', 'calls'],
    check: (facts) => addressFamilies(facts),
    waits: true,
    meanwhile: commonFamilies,
  },
  {
    name: 'PrivateNetwork',
    wanted: true,
    by: ['arguments', 'calls', 'paths', 'peers'],
    check: privateNetwork,
    waits: true,
  },
  { name: 'PrivateIPC', wanted: true, by: ['calls'], check: privateIpc },
  { name: 'SocketBindDeny', wanted: 'any', by: ['peers'], waits: true, check: denyPorts },
  { name: 'SocketBindAllow', wanted: 'the ports', by: ['peers'], waits: true, check: allowPorts },
  { name: 'IPAddressDeny', wanted: 'any', by: ['peers'], check: denyAddresses },
  { name: 'IPAddressAllow', wanted: 'the addresses', by: ['peers'], check: allowAddresses },
];
