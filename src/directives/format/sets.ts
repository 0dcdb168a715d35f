/** Lists that '~' turns around: capabilities, address families, namespaces, file systems, interfaces. */

import { didYouMean } from '../../diagnostic.js';
import { boolean, isBoolean } from './names.js';
import { each, type Reading, reject, words } from './text.js';

/** CAP_* of linux/capability.h, in the order of their numbers. */
export const CAPABILITIES: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE ' +
  'NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT ' +
  'SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE ' +
  'AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ ' +
  'PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

/** AF_* of linux/socket.h, as systemd's af_from_name() knows them. */
export const ADDRESS_FAMILIES: readonly string[] = (
  'ALG APPLETALK ASH ATMPVC ATMSVC AX25 BLUETOOTH BRIDGE CAIF CAN DECnet ECONET IB IEEE802154 INET INET6 ' +
  'IPX IRDA ISDN IUCV KCM KEY LLC LOCAL MCTP MPLS NETBEUI NETLINK NETROM NFC PACKET PHONET PPPOX QIPCRTR ' +
  'RDS ROSE ROUTE RXRPC SECURITY SMC SNA TIPC UNIX VSOCK WANPIPE X25 XDP'
)
  .split(' ')
  .map((name) => `AF_${name}`);

export const NAMESPACES: readonly string[] = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

/** Sets of file systems of RestrictFileSystems= (systemd.exec(5)). */
const FILESYSTEM_SETS: readonly string[] = [
  '@auxiliary-api',
  '@basic-api',
  '@common-block',
  '@historical-block',
  '@known',
  '@network',
  '@privileged-api',
  '@temporary',
];

/**
 * A list that `~` may turn around, in one assignment. The sign stands in front of the whole list: in a text
 * in front of the first word, in a list of strings in front of the first element.
 */
function signedWords(
  reading: Reading,
  value: unknown,
  expected: string,
  check: (word: string) => string | undefined,
): string[] | undefined {
  const list = words(reading, value, expected);
  if (list === undefined) return undefined;
  if (list.length === 0) return [''];
  const negated = list[0]!.startsWith('~');
  const names = negated ? [list[0]!.slice(1), ...list.slice(1)] : list;
  if (names.some((name) => name.startsWith('~'))) {
    return reject(reading, `${expected}, with '~' only in front of the first`, value);
  }
  const checked = each(names, check);
  return checked && [`${negated ? '~' : ''}${checked.join(' ')}`];
}

/** Refuses an empty list where systemd takes it for "no restriction": the reader may take it for the contrary. */
function refuseEmpty(reading: Reading, value: unknown, hint: string): boolean {
  const empty = Array.isArray(value) && value.length === 0;
  if (empty) reject(reading, 'at least one name', value, hint);
  return empty;
}

export function capabilities(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'names of capabilities';
  // All of them: "all but nothing".
  if (value === '~') return ['~'];
  return signedWords(reading, value, expected, (word) => {
    const hint = () => didYouMean(word, CAPABILITIES) ?? didYouMean(`CAP_${word}`, CAPABILITIES);
    return CAPABILITIES.includes(word) ? word : reject(reading, expected, word, hint());
  });
}

export function families(reading: Reading, value: unknown): string[] | undefined {
  const expected = "names of address families or 'none'";
  if (refuseEmpty(reading, value, 'write "none" to forbid all, "" to lift the restriction')) return undefined;
  const only = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (only === 'none') {
    reading.needs.push({ since: 249, what: "the value 'none'" });
    return ['none'];
  }
  return signedWords(reading, value, expected, (word) => {
    if (word === 'AF_MCTP') reading.needs.push({ since: 252, what: `the value '${word}'` });
    const hint = () => didYouMean(word, ADDRESS_FAMILIES) ?? didYouMean(`AF_${word}`, ADDRESS_FAMILIES);
    return ADDRESS_FAMILIES.includes(word) ? word : reject(reading, expected, word, hint());
  });
}

export function namespaces(reading: Reading, value: unknown, kind: { user: boolean }): string[] | undefined {
  if (isBoolean(value)) return boolean(reading, value);
  const table = kind.user ? NAMESPACES : NAMESPACES.filter((name) => name !== 'user');
  const expected = `true, false or some of ${table.join(', ')}`;
  if (refuseEmpty(reading, value, 'write true or false')) return undefined;
  const hint = (word: string) => didYouMean(word, table);
  return signedWords(reading, value, expected, (word) =>
    table.includes(word) ? word : reject(reading, expected, word, hint(word)),
  );
}

export function filesystems(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'types of file systems or sets of them';
  if (refuseEmpty(reading, value, 'write "" to lift the restriction')) return undefined;
  return signedWords(reading, value, expected, (word) => {
    const good = word.startsWith('@') ? FILESYSTEM_SETS.includes(word) : /^[a-z0-9][a-z0-9._-]*$/.test(word);
    return good ? word : reject(reading, expected, word, didYouMean(word, FILESYSTEM_SETS));
  });
}

/** The name of an interface, alternative names included (ifname_valid_full() of systemd). */
export const isInterface = (text: string): boolean =>
  /^[!-~]{1,127}$/.test(text) && !/[:/%"'\\~]/.test(text) && !/^(\d+|\.{1,2}|all|default)$/.test(text);

export function interfaces(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'names of network interfaces';
  if (refuseEmpty(reading, value, 'write "" to lift the restriction')) return undefined;
  return signedWords(reading, value, expected, (word) =>
    isInterface(word) ? word : reject(reading, expected, word),
  );
}
