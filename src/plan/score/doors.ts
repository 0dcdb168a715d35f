/** Calls that stay open of those that matter: doors out of a sandbox, or into much of the kernel. */

import type { Machine } from '../../seccomp/syscalls/abi.js';
import { NAMESPACE_BITS } from '../../systemd/directives/kinds/names/namespaces.js';
import type { ScoreSettings } from './settings.js';

/** A way into the kernel: a call, with these arguments if it has some, that directives may close, too. */
export interface KernelEntry {
  readonly call: string;
  /** Arguments by which the call is this way; without them any do. */
  readonly args?: readonly bigint[];
  /** The address family of the socket that it makes: `AF_PACKET`. */
  readonly family?: string;
  /** The type of namespace that it makes or enters: `user`. */
  readonly namespace?: string;
}

/** A capability that the kernel asks for. */
export interface Needed {
  readonly capability: string;
  /** Whether the one that a process has in a user namespace of its own will do. */
  readonly inUserNamespace: boolean;
}

export interface Door {
  readonly name: DoorName;
  /** The use of its calls, as text: `start programs`. */
  readonly does: string;
  /** Each of them will do. */
  readonly entries: readonly KernelEntry[];
  readonly needs?: Needed;
}

export type DoorName =
  | 'exec'
  | 'user-namespaces'
  | 'namespaces'
  | 'mounts'
  | 'bpf'
  | 'io-uring'
  | 'userfaultfd'
  | 'keyrings'
  | 'ptrace'
  | 'packet-sockets'
  | 'raw-sockets'
  | 'netlink-sockets'
  | 'modules'
  | 'kexec'
  | 'perf'
  | 'file-handles'
  | 'io-ports'
  | 'reboot'
  | 'swap'
  | 'kernel-log'
  | 'chroot';

const calls = (...names: readonly string[]): KernelEntry[] => names.map((call) => ({ call }));

/**
 * The calls that make a namespace, or enter one. The flags of clone3 are in memory, where no filter looks; setns takes 0
 * for any type.
 */
function intoNamespace(namespace: string): KernelEntry[] {
  const flag = 1n << BigInt(NAMESPACE_BITS[namespace]!);
  return [
    { call: 'clone', args: [flag | 17n], namespace },
    { call: 'clone3', namespace },
    { call: 'unshare', args: [flag], namespace },
    { call: 'setns', args: [3n, flag], namespace },
    { call: 'setns', args: [3n, 0n], namespace },
  ];
}

/** AF_* and SOCK_* (bits/socket.h). */
const AF = { INET: 2n, INET6: 10n, NETLINK: 16n, PACKET: 17n } as const;
const SOCK = { DGRAM: 2n, RAW: 3n } as const;

/** Sockets of a family, each of these types and of one protocol. */
const sockets = (
  family: keyof typeof AF,
  types: readonly bigint[],
  protocols: readonly bigint[] = [0n],
): KernelEntry[] =>
  types.flatMap((type) =>
    protocols.map((protocol) => ({
      call: 'socket',
      args: [AF[family], type, protocol],
      family: `AF_${family}`,
    })),
  );

/** IPPROTO_ICMP, IPPROTO_RAW. */
const RAW_PROTOCOLS = [1n, 255n];

const admin: Needed = { capability: 'CAP_SYS_ADMIN', inUserNamespace: true };
const only = (capability: string): Needed => ({ capability, inUserNamespace: false });

const USER_NAMESPACES = intoNamespace('user');

/** Calls by which a process gets all capabilities in a user namespace of its own (user_namespaces(7)). */
export const MAKES_USER_NAMESPACE: readonly KernelEntry[] = USER_NAMESPACES.filter(
  ({ call }) => call !== 'setns',
);

export const DOORS: readonly Door[] = [
  { name: 'exec', does: 'start programs', entries: calls('execve', 'execveat') },
  { name: 'user-namespaces', does: 'make or enter user namespaces', entries: USER_NAMESPACES },
  {
    name: 'namespaces',
    does: 'make or enter other namespaces',
    entries: ['mnt', 'net', 'pid', 'ipc', 'uts', 'cgroup'].flatMap(intoNamespace),
    needs: admin,
  },
  {
    name: 'mounts',
    does: 'mount file systems',
    entries: calls('mount', 'fsmount', 'open_tree', 'move_mount', 'mount_setattr', 'pivot_root', 'umount2'),
    needs: admin,
  },
  { name: 'bpf', does: 'load BPF programs', entries: calls('bpf') },
  { name: 'io-uring', does: 'use io_uring', entries: calls('io_uring_setup') },
  { name: 'userfaultfd', does: 'handle page faults', entries: calls('userfaultfd') },
  { name: 'keyrings', does: 'use keyrings', entries: calls('keyctl', 'add_key', 'request_key') },
  {
    name: 'ptrace',
    does: 'read or change other processes',
    entries: calls('ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd'),
  },
  {
    name: 'packet-sockets',
    does: 'send and receive raw packets',
    entries: sockets('PACKET', [SOCK.RAW, SOCK.DGRAM]),
    needs: { capability: 'CAP_NET_RAW', inUserNamespace: true },
  },
  {
    name: 'raw-sockets',
    does: 'make raw IP sockets',
    entries: [...sockets('INET', [SOCK.RAW], RAW_PROTOCOLS), ...sockets('INET6', [SOCK.RAW], [58n, 255n])],
    needs: { capability: 'CAP_NET_RAW', inUserNamespace: true },
  },
  {
    name: 'netlink-sockets',
    does: 'configure the network',
    entries: sockets('NETLINK', [SOCK.RAW, SOCK.DGRAM], [0n, 12n]),
    needs: { capability: 'CAP_NET_ADMIN', inUserNamespace: true },
  },
  {
    name: 'modules',
    does: 'load kernel modules',
    entries: calls('init_module', 'finit_module'),
    needs: only('CAP_SYS_MODULE'),
  },
  {
    name: 'kexec',
    does: 'load another kernel',
    entries: calls('kexec_load', 'kexec_file_load'),
    needs: only('CAP_SYS_BOOT'),
  },
  { name: 'perf', does: 'use performance counters', entries: calls('perf_event_open') },
  {
    name: 'file-handles',
    does: 'open files by handle',
    entries: calls('open_by_handle_at'),
    needs: only('CAP_DAC_READ_SEARCH'),
  },
  {
    name: 'io-ports',
    does: 'use I/O ports',
    entries: calls('iopl', 'ioperm'),
    needs: only('CAP_SYS_RAWIO'),
  },
  { name: 'reboot', does: 'reboot or halt', entries: calls('reboot'), needs: only('CAP_SYS_BOOT') },
  { name: 'swap', does: 'turn swap on', entries: calls('swapon', 'swapoff'), needs: only('CAP_SYS_ADMIN') },
  // To read it takes no capability, unless kernel.dmesg_restrict says so.
  { name: 'kernel-log', does: "use the kernel's log", entries: calls('syslog') },
  {
    name: 'chroot',
    does: 'change the root directory',
    entries: calls('chroot'),
    needs: { capability: 'CAP_SYS_CHROOT', inUserNamespace: true },
  },
];

/** The directive that closes an entry; undefined where none does. */
export function closedByDirective(
  { family, namespace }: KernelEntry,
  settings: ScoreSettings,
  machine: Machine,
): string | undefined {
  const { families, namespaces } = settings;
  const isFamilyClosed = family !== undefined && families.names.has(family) !== families.only;
  if (isFamilyClosed && !hasSocketcall(settings, machine)) return 'RestrictAddressFamilies=';
  if (namespace !== undefined && !namespaces.has(namespace)) return 'RestrictNamespaces=';
  return undefined;
}

/**
 * Whether a service can make sockets by the call socketcall of x86, where systemd doesn't restrict families
 * (seccomp_restrict_address_families()).
 */
const hasSocketcall = ({ architectures }: ScoreSettings, machine: Machine): boolean =>
  machine === 'x86-64' && (architectures.length === 0 || architectures.includes('x86'));
