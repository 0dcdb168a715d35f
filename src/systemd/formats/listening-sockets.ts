/** Sockets at which a process waits for others, from the kernel's tables (proc_pid_net(5)). */

/** The tables that tell of them, by their names below /proc/PID/net. */
export const SOCKET_TABLES = ['tcp', 'tcp6', 'udp', 'udp6', 'unix'] as const;
export type SocketTable = (typeof SOCKET_TABLES)[number];

export interface ListeningSocket {
  readonly kind: 'tcp' | 'udp' | 'unix';
  /** As people write it: `0.0.0.0:80`, `[::1]:80`, `/run/demo.sock`. */
  readonly address: string;
  /** Undefined for a Unix socket. */
  readonly port?: number;
}

/**
 * The sockets of a table that wait for others, by their inodes: TCP and Unix sockets that listen, and UDP and Unix datagram
 * sockets that are bound, and not connected. A Unix socket without a path is left out.
 */
export const listeningSockets = (table: SocketTable, text: string): Map<string, ListeningSocket> =>
  new Map(
    text.split('\n').flatMap((line) => (table === 'unix' ? unixSocket(line) : inetSocket(table, line))),
  );

/** The inodes of all sockets in a table, in its order. */
export const inodesIn = (table: SocketTable, text: string): string[] =>
  text.split('\n').flatMap((line) => (table === 'unix' ? UNIX_LINE : INET_LINE).exec(line)?.[1] ?? []);

const INET_LINE = /^ *\d+: +(?:\S+ +){8}(\d+)(?: |$)/;
const UNIX_LINE = /^[0-9a-f]+: (?:\S+ +){5}(\d+)(?: |$)/i;

/** States of sockets: TCP_LISTEN, and TCP_CLOSE for UDP that is not connected (include/net/tcp_states.h). */
const WAITING = { tcp: '0A', udp: '07' };

function inetSocket(table: Exclude<SocketTable, 'unix'>, line: string): [string, ListeningSocket][] {
  const kind = table.startsWith('tcp') ? 'tcp' : 'udp';
  const fields = line.trim().split(/ +/);
  const [, local = '', peer = '', state] = fields;
  const inode = fields[9];
  const [, host, hexPort] = /^((?:[0-9A-F]{8}){1,4}):([0-9A-F]{4})$/.exec(local) ?? [];
  const isWaiting = state === WAITING[kind] && /^0+:0000$/.test(peer);
  if (!isWaiting || inode === undefined || host === undefined || hexPort === undefined) return [];
  const port = Number.parseInt(hexPort, 16);
  return [[inode, { kind, address: `${hostText(host)}:${port}`, port }]];
}

/** An address that the kernel prints as numbers of four bytes, in the order of x86-64 and arm64: the lowest byte first. */
function hostText(hex: string): string {
  const bytes = hex.match(/.{8}/g)!.flatMap((word) => word.match(/../g)!.reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = bytes.join('').toLowerCase().match(/.{4}/g)!;
  return new URL(`http://[${groups.join(':')}]`).hostname;
}

/** The flag of a socket that listens: __SO_ACCEPTCON (include/uapi/linux/net.h). */
const LISTENS = 1 << 16;

/** Types of sockets: SOCK_DGRAM listens by being bound. */
const DATAGRAM = '0002';

function unixSocket(line: string): [string, ListeningSocket][] {
  const found = /^[0-9a-f]+: \S+ \S+ ([0-9A-F]{8}) ([0-9A-F]{4}) \S+ +(\d+) (\/.*)$/i.exec(line);
  if (!found) return [];
  const [, flags, type, inode, address] = found;
  const waits = (Number.parseInt(flags!, 16) & LISTENS) !== 0 || type === DATAGRAM;
  return waits ? [[inode!, { kind: 'unix', address: address! }]] : [];
}
