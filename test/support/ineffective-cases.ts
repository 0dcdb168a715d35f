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
export const SEND = 'exec 3<>/dev/udp/127.0.0.1/9 && echo x >&3';
const HOME = 'cat /home/file';

const DEEP = '["/opt/deep"]';
const one = (policy: string, own: string, open: string, by?: string): UndoneCase => ({
  policy,
  own,
  open,
  ...(by === undefined ? {} : { by }),
});

const SHOWN = 'cat /mnt/theirs';
const WRITABLE = 'test -w /mnt/theirs';
const TUNABLES = 'ProtectKernelTunables = true';
const LOGS = 'ProtectKernelLogs = true';
const MODULES = 'ProtectKernelModules = true';
const STRICT = 'ProtectSystem = "strict"';
const SUB = '/opt/deep/sub';
const STATE = 'StateDirectory=demo\nBindPaths=/var/lib/demo:/mnt';

/** Parts of what is closed, and what has it in it. */
const UNDONE_PARTS: readonly UndoneCase[] = [
  one(TUNABLES, 'BindPaths=/proc:/mnt', 'test -w /mnt/irq/default_smp_affinity', 'BindPaths'),
  one(TUNABLES, 'BindPaths=/proc/irq:/mnt', 'test -w /mnt/default_smp_affinity', 'BindPaths'),
  one(TUNABLES, 'BindPaths=/proc', 'test -w /proc/irq/default_smp_affinity'),
  one(TUNABLES, 'BindPaths=/proc/irq:/proc/fs', 'test -w /proc/fs/default_smp_affinity'),
  one(TUNABLES, 'BindReadOnlyPaths=/proc/irq:/mnt', 'test -w /mnt/default_smp_affinity'),
  one(TUNABLES, 'BindReadOnlyPaths=/proc:/mnt', 'grep -q startup /mnt/kallsyms', 'BindReadOnlyPaths'),
  one(LOGS, 'BindPaths=/proc:/mnt', '(( 0$(stat -c%a /mnt/kmsg) != 0 ))', 'BindPaths'),
  one(LOGS, 'BindReadOnlyPaths=/dev/kmsg:/opt/x', 'test -c /opt/x', 'BindReadOnlyPaths'),
  one(LOGS, 'BindReadOnlyPaths=/proc/irq:/mnt', 'test -e /mnt/kmsg'),
  one(MODULES, 'BindPaths=/usr/lib:/mnt', 'cat /mnt/modules/x/theirs', 'BindPaths'),
  one(MODULES, 'BindReadOnlyPaths=/lib:/mnt', 'cat /mnt/modules/x/theirs', 'BindReadOnlyPaths'),
  one(MODULES, 'BindReadOnlyPaths=/lib/modules/x:/mnt', SHOWN, 'BindReadOnlyPaths'),
  one(MODULES, 'BindReadOnlyPaths=/usr/lib/modules/x', 'cat /lib/modules/x/theirs'),
  one(`InaccessiblePaths = ${DEEP}`, `BindPaths=${SUB}:/mnt`, SHOWN, 'BindPaths'),
  one(`InaccessiblePaths = ${DEEP}`, `BindPaths=${SUB}:/opt/deep/other`, 'cat /opt/deep/other/theirs'),
  one(`InaccessiblePaths = ${DEEP}`, `BindPaths=/opt:${SUB}`, `cat ${SUB}/deep/file`),
  one('InaccessiblePaths = ["/lib/modules"]', 'BindPaths=/usr/lib:/mnt', 'ls /mnt/modules/x', 'BindPaths'),
  one(`ReadOnlyPaths = ${DEEP}`, `BindPaths=${SUB}:/mnt`, WRITABLE, 'BindPaths'),
  one(
    `ReadOnlyPaths = ${DEEP}`,
    `BindPaths=${SUB}:/opt/deep/other`,
    'test -w /opt/deep/other/theirs',
    'BindPaths',
  ),
  one(`ReadOnlyPaths = ${DEEP}\nInaccessiblePaths = ["/mnt"]`, `BindPaths=${SUB}:/mnt`, WRITABLE),
  one('ReadOnlyPaths = ["/opt/deep", "/mnt"]', `BindPaths=${SUB}:/mnt`, WRITABLE),
  one(
    'ReadOnlyPaths = ["/opt/deep", "/mnt"]',
    `BindPaths=${SUB}:/mnt/in`,
    'test -w /mnt/in/theirs',
    'BindPaths',
  ),
  one('ProtectHome = true', 'BindPaths=/home/alice:/mnt', SHOWN, 'BindPaths'),
  one('ProtectHome = true', 'BindReadOnlyPaths=/home/alice:/mnt', SHOWN, 'BindReadOnlyPaths'),
  one('ProtectHome = true', 'BindPaths=/home/alice:/root/x', 'cat /root/x/theirs'),
  one('ProtectHome = true', 'BindPaths=/var/run/user:/mnt', 'test -e /mnt/7', 'BindPaths'),
  one('ProtectHome = "read-only"', 'BindPaths=/home/alice:/mnt', WRITABLE, 'BindPaths'),
  one('ProtectHome = "tmpfs"', 'BindPaths=/home/alice:/mnt', SHOWN, 'BindPaths'),
  one('ProtectHome = "tmpfs"', 'BindPaths=/home/alice:/root/x', 'cat /root/x/theirs', 'BindPaths'),
  one(STRICT, 'BindPaths=/lib:/mnt', 'test -w /mnt/modules/x/theirs', 'BindPaths'),
  one(STRICT, `BindPaths=${SUB}:/mnt`, WRITABLE, 'BindPaths'),
  one(STRICT, `BindPaths=${SUB}:/srv/in\nReadWritePaths=/srv`, 'test -w /srv/in/theirs', 'BindPaths'),
  one(STRICT, `BindPaths=${SUB}:/mnt\nReadOnlyPaths=/mnt`, WRITABLE),
  one('ProtectSystem = true', 'BindPaths=/lib/modules/x:/mnt', WRITABLE, 'BindPaths'),
  one(
    'ProtectSystem = "full"',
    'BindPaths=/etc/theirs:/srv/one',
    'test -s /srv/one -a -w /srv/one',
    'BindPaths',
  ),
  one('ProtectSystem = "full"', 'BindPaths=/opt/deep:/mnt', 'test -w /mnt/none'),
  one(
    'ProtectControlGroups = true',
    'BindPaths=/sys/fs/cgroup/system.slice:/mnt',
    'test -w /mnt/cgroup.procs',
    'BindPaths',
  ),
  one('NoExecPaths = ["/opt"]', 'BindReadOnlyPaths=/opt/deep:/mnt', '/mnt/true', 'BindReadOnlyPaths'),
  one('NoExecPaths = ["/opt"]', 'BindReadOnlyPaths=/opt/deep', '/opt/deep/true', 'BindReadOnlyPaths'),
  one('NoExecPaths = ["/opt"]', 'BindPaths=/usr/bin:/opt/other', '/opt/other/true', 'BindPaths'),
  one('NoExecPaths = ["/opt/other"]', 'BindPaths=/usr/bin:/opt/other', '/opt/other/true'),
  one('NoExecPaths = ["/opt", "/opt/deep"]', 'BindPaths=/opt/deep', '/opt/deep/true'),
  one('NoExecPaths = ["/opt"]', 'ReadOnlyPaths=/opt/deep', '/opt/deep/true', 'ReadOnlyPaths'),
  one('NoExecPaths = ["/opt"]', 'ReadWritePaths=/opt/deep', '/opt/deep/true', 'ReadWritePaths'),
  one(
    'NoExecPaths = ["/"]\nExecPaths = ["/usr/lib", "/usr/bin/bash"]',
    'ReadWritePaths=/opt/deep',
    '/opt/deep/true',
    'ReadWritePaths',
  ),
  one('NoExecPaths = ["/opt", "/opt/deep"]', 'ReadWritePaths=/opt/deep', '/opt/deep/true'),
  one(
    'NoExecPaths = ["/"]\nExecPaths = ["/usr/lib", "/usr/bin/bash"]',
    'BindReadOnlyPaths=/usr/bin:/mnt',
    '/mnt/true',
    'BindReadOnlyPaths',
  ),
  one('TemporaryFileSystem = ["/opt"]', `BindPaths=${SUB}:/mnt`, SHOWN, 'BindPaths'),
  one('TemporaryFileSystem = ["/opt"]', `BindPaths=${SUB}:/opt/other`, 'cat /opt/other/theirs', 'BindPaths'),
  one('PrivateTmp = true', 'BindPaths=/var/tmp/d:/mnt', SHOWN, 'BindPaths'),
  one('PrivateTmp = true', 'BindPaths=/var/tmp/d:/tmp/e', 'cat /tmp/e/theirs', 'BindPaths'),
  one('ProtectProc = "invisible"', 'BindPaths=/proc/1:/mnt\nUser=nobody', 'test -e /mnt/stat', 'BindPaths'),
  one('ProcSubset = "pid"', 'BindPaths=/proc/sys:/mnt', 'test -e /mnt/kernel', 'BindPaths'),
];

const DEVICES = 'PrivateDevices = true';
const KMSG = 'BindPaths=/dev/kmsg:/opt/k';
const OPEN = 'test -c /opt/k && : </opt/k';
/** It may have nothing behind it, which is another error. */
const BLOCK = `test -b /opt/k && ! ( : </opt/k ) 2>&1 | grep -qE 'not permitted|Permission'`;

/** Devices that are mounted and allowed; each alone holds. */
const UNDONE_DEVICES: readonly UndoneCase[] = [
  one(DEVICES, `${KMSG}\nDeviceAllow=char-* rwm`, OPEN, 'BindPaths'),
  one(DEVICES, `${KMSG}\nDeviceAllow=char-mem r`, OPEN, 'BindPaths'),
  one(DEVICES, `${KMSG}\nDeviceAllow=/dev/kmsg`, OPEN, 'BindPaths'),
  one(DEVICES, `${KMSG}\nDeviceAllow=/dev/kmsg w`, 'test -c /opt/k && echo x >/opt/k', 'BindPaths'),
  one(DEVICES, `${KMSG}\nDeviceAllow=/dev/char/1:11 rw`, OPEN, 'BindPaths'),
  one(
    DEVICES,
    'BindReadOnlyPaths=/dev/kmsg:/opt/k\nDeviceAllow=/dev/kmsg rw',
    'test -c /opt/k && echo x >/opt/k',
    'BindReadOnlyPaths',
  ),
  one(DEVICES, 'BindPaths=/dev/kmsg\nDeviceAllow=/dev/kmsg rw', ': </dev/kmsg', 'BindPaths'),
  one(DEVICES, 'BindPaths=/dev\nDeviceAllow=/dev/kmsg rw', ': </dev/kmsg', 'BindPaths'),
  one(DEVICES, 'BindPaths=/dev:/mnt\nDeviceAllow=/dev/kmsg rw', ': </mnt/kmsg', 'BindPaths'),
  one(DEVICES, 'BindPaths=/:/mnt\nDeviceAllow=/dev/kmsg rw', ': </mnt/dev/kmsg', 'BindPaths'),
  one(DEVICES, 'BindPaths=/dev/block-device:/opt/k\nDeviceAllow=block-* r', BLOCK, 'BindPaths'),
  one(DEVICES, 'BindPaths=/dev/block-device:/opt/k\nDeviceAllow=/dev/block-device r', BLOCK, 'BindPaths'),
  one(DEVICES, KMSG, OPEN),
  one(DEVICES, 'DeviceAllow=/dev/kmsg rw', ': </dev/kmsg'),
  one(DEVICES, `${KMSG}\nDeviceAllow=/dev/kmsg m`, OPEN),
  one(DEVICES, `${KMSG}\nDeviceAllow=/dev/null rw`, OPEN),
  one(DEVICES, `${KMSG}\nDeviceAllow=/dev/block-device rw`, OPEN),
];

/** Exceptions that are meant: they hold of the same place, and of others that show no more. */
export const MEANT: readonly (readonly [policy: string, own: string])[] = [
  [STRICT, STATE],
  [STRICT, 'ReadWritePaths=/srv\nBindPaths=/srv/data:/mnt'],
  [STRICT, 'BindPaths=/srv/data'],
  [STRICT, 'BindPaths=/dev/shm:/mnt'],
  ['ReadOnlyPaths = ["/var"]', STATE],
  ['ReadOnlyPaths = ["/opt"]\nReadWritePaths = ["/opt/deep"]', 'BindPaths=/opt/deep/sub:/mnt'],
  ['NoExecPaths = ["/"]\nExecPaths = ["/usr"]', 'BindReadOnlyPaths=/usr/lib/a:/usr/lib/b'],
  ['NoExecPaths = ["/"]\nExecPaths = ["/usr", "/mnt"]', 'BindReadOnlyPaths=/usr/share:/mnt'],
  ['TemporaryFileSystem = ["/opt"]', 'BindPaths=/opt/deep'],
  ['ProtectHome = "tmpfs"', 'BindPaths=/home/alice'],
  ['PrivateTmp = true', 'BindReadOnlyPaths=/tmp/.X11-unix'],
  [TUNABLES, 'BindPaths=/sys/fs/cgroup/system.slice:/mnt'],
  [TUNABLES, 'BindPaths=/proc/1:/mnt'],
  ['ProtectProc = "invisible"', 'BindPaths=/proc/sys:/mnt'],
  ['ProcSubset = "pid"', 'BindPaths=/proc/self:/mnt'],
  [DEVICES, 'BindPaths=/dev/shm:/mnt\nDeviceAllow=char-* rw'],
  [DEVICES, 'BindPaths=/srv:/mnt\nDeviceAllow=char-* rw'],
  [`${DEVICES}\nDeviceAllow = ["/dev/null rw"]`, `${KMSG}\nDeviceAllow=char-* rw`],
];

export const UNDONE_CASES: readonly UndoneCase[] = [
  ...UNDONE_PARTS,
  ...UNDONE_DEVICES,
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
  one(
    'ProtectProc = "invisible"',
    'BindPaths=/proc\nUser=nobody',
    '! grep -q hidepid /proc/self/mounts',
    'BindPaths',
  ),
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
