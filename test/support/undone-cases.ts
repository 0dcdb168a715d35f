/** Lines of a policy, lines of a unit's own beside them, and what a shell says if the second undo the first. */
export interface UndoneCase {
  readonly policy: string;
  readonly own: string;
  /** A shell's test, which only holds without the policy's line. */
  readonly open: string;
  /** The directive of the unit's own that undoes it; without one it holds. */
  readonly by?: string;
}

const READ = 'cat /opt/deep/file';
const WRITE = 'touch /opt/deep/file';
const OTHER_READ = 'cat /mnt/deep/file';
const SEND = 'exec 3<>/dev/udp/127.0.0.1/9 && echo x >&3';
const HOME = 'cat /home/file';

const DEEP = '["/opt/deep"]';
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
  one('ProtectSystem = "strict"', 'ReadWritePaths=/', WRITE),
  one('ProtectSystem = "full"', 'ReadWritePaths=/usr', 'touch /usr/file'),
  one('ProtectSystem = "strict"', 'BindPaths=/:/mnt', 'touch /mnt/opt/deep/file', 'BindPaths'),
  one(`ReadOnlyPaths = ${DEEP}`, 'ReadWritePaths=/opt/deep', WRITE),
  one(`ReadOnlyPaths = ${DEEP}`, 'BindPaths=/opt/deep', WRITE),
  one(`ReadOnlyPaths = ${DEEP}`, 'BindPaths=-/opt:/mnt:rbind', 'touch /mnt/deep/file', 'BindPaths'),
  one(`ReadOnlyPaths = ${DEEP}`, 'BindReadOnlyPaths=/opt:/mnt', 'touch /mnt/deep/file'),
  one(
    'ProtectControlGroups = true',
    'BindPaths=/sys/fs/cgroup:/mnt',
    'mkdir /mnt/system.slice/x && rmdir /mnt/system.slice/x',
    'BindPaths',
  ),
  one(`InaccessiblePaths = ${DEEP}`, 'ReadWritePaths=/opt/deep', READ),
  one(`InaccessiblePaths = ${DEEP}`, 'BindPaths=/opt', READ),
  one(`InaccessiblePaths = ${DEEP}`, 'BindReadOnlyPaths=/opt:/mnt', OTHER_READ, 'BindReadOnlyPaths'),
  one('NoExecPaths = ["/opt"]', 'ExecPaths=/', '/opt/true'),
  one('NoExecPaths = ["/opt"]', 'BindReadOnlyPaths=/opt:/mnt', '/mnt/true', 'BindReadOnlyPaths'),
  one(`TemporaryFileSystem = ${DEEP}`, 'ReadWritePaths=/opt', READ),
  one(`TemporaryFileSystem = ${DEEP}`, 'ReadOnlyPaths=/opt/deep', READ, 'ReadOnlyPaths'),
  one(`TemporaryFileSystem = ${DEEP}`, 'BindPaths=/opt/deep', READ, 'BindPaths'),
  one('ProtectHome = true', 'BindPaths=/home', HOME),
  one('ProtectHome = true', 'BindPaths=/home:/mnt', 'cat /mnt/file', 'BindPaths'),
  one('ProtectHome = "read-only"', 'BindReadOnlyPaths=/home:/mnt', 'test -e /mnt/file && touch /mnt/file'),
  one('ProtectHome = "tmpfs"', 'ReadWritePaths=/home', HOME, 'ReadWritePaths'),
  one('ProtectHome = "tmpfs"', 'BindReadOnlyPaths=/home', HOME, 'BindReadOnlyPaths'),
  one('PrivateTmp = true', 'BindPaths=/var/tmp', 'cat /var/tmp/file', 'BindPaths'),
  one('PrivateTmp = true', 'ReadWritePaths=/var/tmp', 'cat /var/tmp/file'),
  one('ProtectProc = "invisible"', 'BindPaths=/proc', '! grep -q hidepid /proc/self/mounts', 'BindPaths'),
  one('ProcSubset = "pid"', 'BindReadOnlyPaths=/proc', 'cat /proc/meminfo', 'BindReadOnlyPaths'),
];

/** What only a systemd with BPF can do. */
export const UNDONE_PORTS: readonly UndoneCase[] = [
  one('SocketBindDeny = ["tcp:7777"]', 'SocketBindAllow=7000-8000', 'BIND', 'SocketBindAllow'),
  one('SocketBindDeny = ["7000-8000"]', 'SocketBindAllow=7778', 'BIND'),
].map((row) => ({
  ...row,
  open: `perl -MSocket -e "socket(S,PF_INET,SOCK_STREAM,0); exit !bind(S,sockaddr_in(7777,INADDR_ANY))"`,
}));
