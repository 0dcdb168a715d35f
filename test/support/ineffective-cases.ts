/** Lines of a policy, lines of a unit's own beside them, and what a shell says if the second undo the first. */
export interface UndoneCase {
  readonly policy: string;
  readonly own: string;
  /** A shell's test, which only holds without the policy's line. */
  readonly open: string;
  /** The directive of the unit's own that undoes it; without one it holds. */
  readonly by?: string;
}

export const SEND = 'exec 3<>/dev/udp/127.0.0.1/9 && echo x >&3';
const one = (policy: string, own: string, open: string, by?: string): UndoneCase => ({
  policy,
  own,
  open,
  ...(by === undefined ? {} : { by }),
});

export const UNDONE_CASES: readonly UndoneCase[] = [
  one('DevicePolicy = "closed"', 'DeviceAllow=char-* r', ': </dev/kmsg', 'DeviceAllow'),
  one('DevicePolicy = "closed"', 'DeviceAllow=char-rtc r', ': </dev/kmsg'),
  one('IPAddressDeny = ["any"]', 'IPAddressAllow=any', SEND, 'IPAddressAllow'),
  one(
    'IPAddressDeny = ["any"]',
    'IPAddressAllow=0.0.0.0/1\nIPAddressAllow=128.0.0.0/1',
    SEND,
    'IPAddressAllow',
  ),
  one('IPAddressDeny = ["127.0.0.1"]', 'IPAddressAllow=127.0.0.0/8', SEND, 'IPAddressAllow'),
  one('IPAddressDeny = ["any"]', 'IPAddressAllow=10.0.0.0/8', SEND),
  one(
    'PrivateNetwork = true',
    'NetworkNamespacePath=/proc/1/ns/net',
    'test /proc/self/ns/net -ef /proc/1/ns/net',
    'NetworkNamespacePath',
  ),
  one(
    'PrivateIPC = true',
    'IPCNamespacePath=/proc/1/ns/ipc',
    'test /proc/self/ns/ipc -ef /proc/1/ns/ipc',
    'IPCNamespacePath',
  ),
];

/** What only a systemd with BPF can do. */
export const UNDONE_PORTS: readonly UndoneCase[] = [
  one('SocketBindDeny = ["tcp:7777"]', 'SocketBindAllow=7000-8000', 'BIND', 'SocketBindAllow'),
  one('SocketBindDeny = ["7000-8000"]', 'SocketBindAllow=7778', 'BIND'),
].map((row) => ({
  ...row,
  open: `perl -MSocket -e "socket(S,PF_INET,SOCK_STREAM,0); exit !bind(S,sockaddr_in(7777,INADDR_ANY))"`,
}));

/**
 * A unit's own lines beside ProtectKernelTunables=, and whether /sys stays as the host has it mounted, by systemd 257 and
 * 262. systemd 252 closes it beside all of these.
 */
export const BESIDE_TUNABLES: readonly (readonly [lines: string, isOpen: boolean])[] = [
  ['MountAPIVFS=no', true],
  ['NoExecPaths=/sys', true],
  ['PrivateUsers=yes', true],
  ['ProtectSystem=strict', true],
  ['ReadOnlyPaths=/sys', true],
  ['RootDirectory=/', true],
  ['BindPaths=/sys', false],
  ['BindReadOnlyPaths=/sys', false],
  ['BindReadOnlyPaths=/sys:/sys:norbind', false],
  ['InaccessiblePaths=/sys', false],
  ['NetworkNamespacePath=/proc/1/ns/net', false],
  ['PrivateNetwork=yes', false],
];
