/** Mounts that directives promise, as expectations about paths (namespace.c of systemd). */

import { allWords, barePath, bindPlacesOf, lastOf, pathsOf, type UnitValues } from '../../unit/values.js';

export const HOMES = ['/home', '/root', '/run/user'];
export const KERNEL = ['/dev', '/proc', '/sys'];
const VENDOR = ['/usr', '/boot', '/efi'];
const TEMPORARY = ['/tmp', '/var/tmp'];

/** Paths that ProtectKernelTunables= makes read-only. */
export const TUNABLES = [
  ...['acpi', 'apm', 'asound', 'bus', 'fs', 'irq', 'latency_stats', 'mtrr', 'scsi', 'sys'].map(
    (name) => `/proc/${name}`,
  ),
  ...['/proc/sysrq-trigger', '/proc/timer_stats', '/sys'],
];

/** Paths in /sys that ProtectKernelTunables= leaves to other directives, or to none. */
export const NO_TUNABLES = ['/sys/fs/cgroup', '/sys/fs/selinux'];

/** Directives that give a service another root. */
export const ROOTS: readonly string[] = ['RootDirectory', 'RootImage', 'RootMStack'];

/** Directives that give a unit another network than the host's, and a /sys with the devices of that one. */
export const OTHER_NETWORKS: readonly string[] = ['NetworkNamespacePath', 'PrivateNetwork'];

/** Directives that give a unit folders of its own, and where these are. */
export const FOLDERS: ReadonlyMap<string, string> = new Map([
  ['CacheDirectory', '/var/cache'],
  ['ConfigurationDirectory', '/etc'],
  ['LogsDirectory', '/var/log'],
  ['RuntimeDirectory', '/run'],
  ['StateDirectory', '/var/lib'],
]);

/** The lines of a unit that mount something, as its files or the manager have them. */
export interface MountLines {
  /** The places in the service's view that a directive lists. */
  readonly places: (directive: string) => readonly string[];
  /** The value of a directive that has but one. */
  readonly word: (directive: string) => string;
  /** Whether a directive does something. */
  readonly isSet: (directive: string) => boolean;
  /** The folders that a unit's own are below, where they are not those of the system's manager. */
  readonly bases?: ReadonlyMap<string, string> | undefined;
}

const BINDS: ReadonlySet<string> = new Set(['BindPaths', 'BindReadOnlyPaths', 'MountImages']);

/** The lines of a unit's files. */
export const mountLines = (unit: UnitValues): MountLines => ({
  places: (name) => (BINDS.has(name) ? bindPlacesOf(unit, name) : pathsOf(unit, name)),
  word: (name) => lastOf(unit, name),
  isSet: (name) => !['', 'no', 'all'].includes(lastOf(unit, name)),
});

/** A mount of TemporaryFileSystem=, of a word `PATH[:OPTIONS]`. */
export function temporaryMountOf(word: string) {
  const [path = '', text = ''] = word.split(':');
  const options = text.split(',');
  const isLast = (name: string, other: string) =>
    options.findLast((option) => option === name || option === other) === name;
  return { path: barePath(path), isReadOnly: isLast('ro', 'rw'), isNoExec: isLast('noexec', 'exec') };
}

/**
 * A promise about a path, if something is there. `private`: it has a mount of its own, and leads to another file than it does for the
 * manager.
 * `read-only` and `noexec` hold for all below, too; `writable` and `executable` take nothing away.
 */
export interface ExpectedMount {
  readonly by: string;
  readonly is: 'read-only' | 'noexec' | 'inaccessible' | 'private' | 'writable' | 'executable';
  readonly path: string;
  /** Paths below for which it is not promised. */
  readonly except: readonly string[];
}

/** A promise of a directive. */
interface MountPromise {
  readonly is: ExpectedMount['is'];
  /** Without them, the paths that the directive lists. */
  readonly paths?: readonly string[];
  readonly except?: readonly string[] | ((lines: MountLines) => readonly string[]);
  /** The value with which it is promised; without it any. */
  readonly with?: string;
  /** A value with which it is not promised. */
  readonly unless?: string;
}

/** The file that systemd mounts writable for a unit that it informs of its memory's state (MemoryPressureWatch=). */
const ownPressureFile = (lines: MountLines): string[] => {
  const group = lines.word('ControlGroup');
  return group === '' ? [] : [`/sys/fs/cgroup${group}/memory.pressure`];
};

/** The promises of each directive. */
export const PROMISED: ReadonlyMap<string, readonly MountPromise[]> = new Map<
  string,
  readonly MountPromise[]
>([
  ...ROOTS.map((name) => [name, [{ is: 'private', paths: ['/'], unless: '/' }]] as const),
  [
    'DynamicUser',
    [
      { is: 'read-only', paths: ['/'], except: KERNEL },
      { is: 'private', paths: TEMPORARY },
    ],
  ],
  [
    'ProtectSystem',
    [
      // It leaves homes to ProtectHome=.
      { with: 'strict', is: 'read-only', paths: ['/'], except: [...KERNEL, ...HOMES] },
      { with: 'full', is: 'read-only', paths: [...VENDOR, '/etc'] },
      { with: 'yes', is: 'read-only', paths: VENDOR },
    ],
  ],
  [
    'ProtectHome',
    [
      { with: 'yes', is: 'inaccessible', paths: HOMES },
      { with: 'tmpfs', is: 'private', paths: HOMES },
      { with: 'read-only', is: 'read-only', paths: HOMES },
    ],
  ],
  ['PrivateTmp', [{ is: 'private', paths: TEMPORARY }]],
  ['PrivateDevices', [{ is: 'private', paths: ['/dev'] }]],
  ['ProtectKernelLogs', [{ is: 'inaccessible', paths: ['/dev/kmsg', '/proc/kmsg'] }]],
  ['ProtectKernelModules', [{ is: 'inaccessible', paths: ['/lib/modules', '/usr/lib/modules'] }]],
  [
    'ProtectKernelTunables',
    [
      { is: 'read-only', paths: TUNABLES, except: NO_TUNABLES },
      { is: 'inaccessible', paths: ['/proc/kallsyms', '/proc/kcore'] },
    ],
  ],
  // With `private` a unit may write to the groups that it sees.
  [
    'ProtectControlGroups',
    [{ is: 'read-only', paths: ['/sys/fs/cgroup'], except: ownPressureFile, unless: 'private' }],
  ],
  ['ReadOnlyPaths', [{ is: 'read-only', except: ownPressureFile }]],
  ['InaccessiblePaths', [{ is: 'inaccessible' }]],
  ['TemporaryFileSystem', [{ is: 'private' }]],
  ['NoExecPaths', [{ is: 'noexec', except: (lines) => lines.places('ExecPaths') }]],
  ['ExecPaths', [{ is: 'executable' }]],
  ['ReadWritePaths', [{ is: 'writable' }]],
]);

/** The expectations of a directive; none if it isn't set. */
export function expectedMounts(lines: MountLines, by: string): ExpectedMount[] {
  const promised = lines.isSet(by) ? (PROMISED.get(by) ?? []) : [];
  // The bus has further words in a property of their own.
  const words = [lines.word(by), lines.word(`${by}Ex`)];
  return promised
    .filter((one) => one.with === undefined || one.with === words[0])
    .filter(({ unless }) => unless === undefined || !words.includes(unless))
    .flatMap(({ is, paths = lines.places(by), except = [] }) => {
      const left = typeof except === 'function' ? except(lines) : except;
      return paths.map((path) => ({ by, is, path, except: left }));
    });
}

/** The expectations of all of a unit's lines. */
export const allExpected = (lines: MountLines): ExpectedMount[] =>
  [...PROMISED.keys()].flatMap((name) => expectedMounts(lines, name));

/** A path with a mount of its own, and the directive that it is for; `''` for one that systemd gives to any unit. */
export interface MountEntry {
  readonly path: string;
  readonly by: string;
}

const entries = (by: string, paths: readonly string[]): MountEntry[] => paths.map((path) => ({ path, by }));

/** The folders that are given to a unit; with DynamicUser= they are elsewhere, behind a link. */
const foldersOf = (lines: MountLines): MountEntry[] =>
  [...FOLDERS].flatMap(([name, ofSystem]) => {
    const base = lines.bases?.get(name) ?? ofSystem;
    const bases = lines.isSet('DynamicUser') ? [base, `${base}/private`] : [base];
    return lines.places(name).flatMap((path) =>
      entries(
        name,
        bases.map((above) => `${above}/${path}`),
      ),
    );
  });

/** Places that systemd mounts by itself: messages to a unit, and what a unit may ask and say. */
const OWN = [
  ...['/run/credentials', '/run/host'],
  ...['incoming', 'journal', 'notify'].map((name) => `/run/systemd/${name}`),
];

/** Places that a unit may write to wherever the path above is read-only. */
export const writable = (lines: MountLines): MountEntry[] => [
  ...['ReadWritePaths', 'BindPaths', 'MountImages', 'TemporaryFileSystem'].flatMap((name) =>
    entries(name, lines.places(name)),
  ),
  ...foldersOf(lines),
  ...['PrivateTmp', 'DynamicUser'].flatMap((name) => (lines.isSet(name) ? entries(name, TEMPORARY) : [])),
  ...entries('', OWN),
];

/** Directives by which systemd mounts the kernel's file systems and /run again. */
const KERNEL_MOUNTS: readonly string[] = [
  ...['MountAPIVFS', 'ProcSubset', 'ProtectControlGroups', 'ProtectKernelTunables', 'ProtectProc'],
];

/**
 * Paths that have a mount of their own. Where systemd makes all below a path read-only or not executable, it leaves
 * these out (the deny list of bind_remount_recursive()).
 */
export const mountEntries = (lines: MountLines): MountEntry[] => [
  ...writable(lines),
  ...entries('BindReadOnlyPaths', lines.places('BindReadOnlyPaths')),
  ...KERNEL_MOUNTS.filter((name) => lines.isSet(name)).flatMap((name) => entries(name, [...KERNEL, '/run'])),
  ...allExpected(lines).flatMap(({ by, path, except }) => entries(by, [path, ...except])),
];

/** Paths that directives mount apart, and whether each can't be written to, or not executed from. */
export function mountsApart(unit: UnitValues): ReadonlyMap<string, boolean> {
  const lines = mountLines(unit);
  const temporary = allWords(unit.get('TemporaryFileSystem') ?? []).map(temporaryMountOf);
  const closing = [
    ...allExpected(lines).filter(({ is }) => ['read-only', 'noexec', 'inaccessible'].includes(is)),
    ...temporary.filter(({ isReadOnly, isNoExec }) => isReadOnly || isNoExec),
  ];
  const closed = new Set([
    ...closing.map(({ path }) => path),
    ...lines.places('BindReadOnlyPaths'),
    ...(lines.isSet('PrivateDevices') ? ['/dev'] : []),
    ...(lines.word('ProtectHome') === 'tmpfs' ? HOMES : []),
  ]);
  const apart = [
    ...mountEntries(lines).flatMap(({ path, by }) => (by === '' ? [] : [path])),
    // PrivateDevices= leaves the machine's own there.
    ...(lines.isSet('PrivateDevices') ? ['/dev/shm'] : []),
    ...closed,
  ];
  return new Map(apart.map((path) => [path, closed.has(path)]));
}

/** The first version of systemd that leaves the flags of a mount alone which it finds in place. */
const LEAVES_MOUNTS = 255;

/**
 * Whether systemd leaves /sys as the host has it mounted, where it mounts the kernel's file systems again, and skips its
 * flags whatever directive says so (mount_bind_sysfs() and make_read_only() of systemd). A unit in another network has a
 * mount of its own there, and so has one with a bind mount in its place.
 */
export const leavesSys = (lines: MountLines, systemd: number): boolean =>
  systemd >= LEAVES_MOUNTS &&
  KERNEL_MOUNTS.some((name) => lines.isSet(name)) &&
  !OTHER_NETWORKS.some((name) => lines.isSet(name)) &&
  !ROOTS.some((name) => !['', '/'].includes(lines.word(name))) &&
  !['BindPaths', 'BindReadOnlyPaths'].some((name) => lines.places(name).includes('/sys'));
