import { didYouMean } from '../../../../diagnostic.js';
import type { ValueKind } from '../../directive.js';
import { joined, signedKind } from '../../values/signed-list.js';

/** AF_* of linux/socket.h, as systemd's af_from_name() knows them. */
export const ADDRESS_FAMILIES: readonly string[] = (
  'ALG APPLETALK ASH ATMPVC ATMSVC AX25 BLUETOOTH BRIDGE CAIF CAN DECnet ECONET IB IEEE802154 INET INET6 ' +
  'IPX IRDA ISDN IUCV KCM KEY LLC LOCAL MCTP MPLS NETBEUI NETLINK NETROM NFC PACKET PHONET PPPOX QIPCRTR ' +
  'RDS ROSE ROUTE RXRPC SECURITY SMC SNA TIPC UNIX VSOCK WANPIPE X25 XDP'
)
  .split(' ')
  .map((name) => `AF_${name}`);

/** Other names of the same family (bits/socket.h). */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['AF_FILE', 'AF_UNIX'],
  ['AF_LOCAL', 'AF_UNIX'],
  ['AF_ROUTE', 'AF_NETLINK'],
]);

const named = (name: string): string => ALIASES.get(name) ?? name;

/** A list of exceptions without one permits every family. */
const isLifted = ([only, names]: [boolean, string[]]): boolean => !only && names.length === 0;

/** Address families, with `~` in front of the list: all but these. */
export const FAMILIES: ValueKind = signedKind({
  type: 'families',
  signature: '(bas)',
  expected: "names of address families or 'none'",
  ifEmpty: 'write "none" to forbid all, "" to lift the restriction',
  isGood: (word) => ADDRESS_FAMILIES.includes(word),
  meant: (word) => didYouMean(word, ADDRESS_FAMILIES) ?? didYouMean(`AF_${word}`, ADDRESS_FAMILIES),
  needs: (word) => (word === 'AF_MCTP' ? { since: 252, what: `the value '${word}'` } : undefined),
  special: (reading, value) => {
    const only = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (only !== 'none') return undefined;
    reading.needs.push({ since: 249, what: "the value 'none'" });
    return ['none'];
  },
  permitted: (_, values) => joined(values, 'none', named),
  loaded: (value) => {
    const [only, names] = value as [boolean, string[]];
    return { only, names: new Set(names) };
  },
  isOff: (value) => isLifted(value as [boolean, string[]]),
  named,
});
