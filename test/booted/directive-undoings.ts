/** How each directive that `verify` can see is undone in a running service. */
import { existsSync } from 'node:fs';
import type { Box } from '../support/box.js';
import { outside } from '../support/loaded-units.js';

type Relation = 'equal' | 'looser' | 'stricter' | 'unseen';

/** A directive of a service, and ways to undo it, each of which `verify` has to call looser. */
export interface Undoing {
  readonly directive: string;
  /** As a policy has it. */
  readonly value: unknown;
  /** Commands in the main process's mount namespace. */
  readonly inside?: string;
  /** What is then said of the main process. */
  readonly seen?: string;
  /** A process of another service comes into the control group, which has all of the service's directives but this. */
  readonly stray?: 'without' | { readonly weaker: unknown };
  /** What is said of it in place of `looser`, and of the untouched service in place of `equal`. */
  readonly undone?: Relation;
  readonly untouched?: Relation;
  /** What is said of it where nobody has CAP_SYS_RESOURCE: no limit is raised. */
  readonly unprivileged?: Relation;
}

/** A service, and what has to be there before it is started. */
export interface UndoneService {
  readonly setup?: string;
  readonly undoings: readonly Undoing[];
}

const stray = (directive: string, value: unknown, weaker?: unknown): Undoing => ({
  directive,
  value,
  stray: weaker === undefined ? 'without' : { weaker },
});

const inside = (directive: string, value: unknown, commands: string, seen: string): Undoing => ({
  directive,
  value,
  inside: commands,
  seen,
});

/** Mounts, in an order in which no command keeps a later one from its work. */
const MOUNTS: readonly Undoing[] = [
  inside('InaccessiblePaths', ['/opt'], 'umount /opt', '/opt can be reached'),
  inside('NoExecPaths', ['/srv'], 'mount -o remount,bind,exec /srv', '/srv can be executed from'),
  {
    ...inside(
      'ExecPaths',
      ['/srv/programs'],
      'mount -o remount,bind,noexec /srv/programs',
      "/srv/programs can't be executed from",
    ),
    undone: 'stricter',
  },
  inside('PrivateTmp', true, 'umount /tmp', "/tmp is the host's"),
  inside(
    'ProtectControlGroups',
    true,
    'mount -o remount,bind,rw /sys/fs/cgroup',
    '/sys/fs/cgroup can be written to',
  ),
  inside('ProtectHome', true, 'umount /home', '/home can be reached'),
  inside('ProtectSystem', 'full', 'mount -o remount,bind,rw /usr', '/usr can be written to'),
  inside(
    'ReadOnlyPaths',
    ['/var/lib'],
    'mount -t tmpfs none /var/lib/dpkg',
    '/var/lib/dpkg can be written to',
  ),
  {
    ...inside(
      'ReadWritePaths',
      ['/var/lib/apt'],
      'mount -o remount,bind,ro /var/lib/apt',
      "/var/lib/apt can't be written to",
    ),
    undone: 'stricter',
  },
  inside('TemporaryFileSystem', ['/media'], 'umount /media', "/media is the host's"),
  {
    ...inside('ProtectKernelModules', true, 'umount /lib/modules', '/lib/modules can be reached'),
    stray: 'without',
  },
  {
    ...inside('PrivateDevices', true, 'umount -l /dev', '/dev has no mount of its own'),
    stray: 'without',
  },
  inside('ProcSubset', 'pid', 'mount -t proc none /proc', '/proc is mounted without subset=pid'),
  // All of these are gone with that mount.
  { ...inside('ProtectKernelLogs', true, '', '/proc/kmsg can be reached'), stray: 'without' },
  { directive: 'ProtectKernelTunables', value: true, inside: '' },
  inside('ProtectProc', 'invisible', '', '/proc is mounted without hidepid=invisible'),
];

const PRIVILEGES: readonly Undoing[] = [
  stray('AmbientCapabilities', ['CAP_NET_BIND_SERVICE'], ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE']),
  stray('CapabilityBoundingSet', ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE']),
  stray('Group', 'games'),
  stray('LockPersonality', true),
  // Since Linux 6.3 systemd asks for it without a filter, and /proc shows nothing of that.
  { ...stray('MemoryDenyWriteExecute', true), undone: 'unseen', untouched: 'unseen' },
  stray('NoNewPrivileges', true),
  stray('PrivateIPC', true),
  stray('PrivateNetwork', true),
  stray('PrivatePIDs', true),
  stray('ProtectClock', true),
  stray('ProtectHostname', true),
  stray('RestrictAddressFamilies', ['AF_UNIX']),
  stray('RestrictNamespaces', ['net']),
  stray('RestrictRealtime', true),
  stray('RestrictSUIDSGID', true),
  stray('User', 'daemon'),
];

const LIMITS: readonly Undoing[] = [
  stray('LimitAS', '4G'),
  stray('LimitCORE', 0),
  stray('LimitCPU', '1h'),
  stray('LimitDATA', '1G'),
  stray('LimitFSIZE', '1G'),
  stray('LimitMEMLOCK', '64K'),
  stray('LimitMSGQUEUE', '1K'),
  { ...stray('LimitNICE', 0, 9), unprivileged: 'equal' },
  stray('LimitNOFILE', 1000),
  stray('LimitNPROC', 64),
  { ...stray('LimitRTPRIO', 0, 9), unprivileged: 'equal' },
  stray('LimitRTTIME', '200ms'),
  stray('LimitSIGPENDING', 100),
  stray('LimitSTACK', '8M'),
];

export const UNDONE: Readonly<Record<string, UndoneService>> = {
  held: {
    setup: 'mkdir --parents /srv/programs /usr/lib/modules /var/lib/apt',
    undoings: [...PRIVILEGES, ...LIMITS, ...MOUNTS],
  },
  // Other values of some.
  valued: {
    undoings: [
      inside('ProtectHome', 'tmpfs', 'umount /home', "/home is the host's"),
      inside('ProtectSystem', 'strict', 'mount -o remount,bind,rw /', '/ can be written to'),
    ],
  },
  // The others need a mount namespace each.
  mounted: { undoings: [stray('PrivateMounts', true)] },
  joined: {
    setup: `mkdir --parents /run/ns; touch /run/ns/ipc /run/ns/net
      unshare --ipc=/run/ns/ipc --net=/run/ns/net true`,
    undoings: [
      stray('IPCNamespacePath', '/run/ns/ipc'),
      stray('NetworkNamespacePath', '/run/ns/net'),
      stray('PrivateUsers', true),
      // A namespace in place of read-only control groups.
      stray('ProtectControlGroups', 'private'),
    ],
  },
  // Each service has a dynamic user of its own.
  dynamic: { undoings: [stray('DynamicUser', true)] },
  rooted: {
    setup: `cd /srv; mkdir --parents root/dev root/proc root/run root/sys root/usr
      cp --archive /bin /lib* root; mount --bind /usr root/usr`,
    undoings: [stray('RootDirectory', '/srv/root')],
  },
};

/** Directives that no service of a box can have, and whether that is so. */
export const NOT_HERE: ReadonlyMap<string, (box: Box, systemd: number) => boolean> = new Map([
  ['RootImage', (box: Box) => !existsSync(outside(box, '/dev/loop-control'))],
  ['RootMStack', (_: Box, systemd: number) => systemd < 260],
  ['UserNamespacePath', (_: Box, systemd: number) => systemd < 259],
]);

/** Values in place of examples that have the name of another's. */
export const VALUES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['LoadCredentialEncrypted', ['sealed:/etc/web/key.cred']],
  ['SetCredentialEncrypted', ['secret:aGVsbG8=']],
]);
