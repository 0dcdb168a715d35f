/** Mounts that directives promise, as claims about paths. */

import { HOMES, KERNEL, NO_TUNABLES, TUNABLES, VENDOR } from './closed-paths.js';
import {
  entries,
  KERNEL_MOUNTS,
  type MountEntry,
  type MountLines,
  TEMPORARY,
  writable,
} from './mount-entries.js';

/**
 * A promise about a path, if something is there. `private`: it leads to another file than it does for the manager.
 * `emptied`: so, to a file system in memory. `read-only` and `noexec` hold for all below, too; `writable` and
 * `executable` take nothing away.
 */
export interface Claim {
  readonly path: string;
  readonly is: 'read-only' | 'noexec' | 'inaccessible' | 'private' | 'emptied' | 'writable' | 'executable';
  /** Paths below for which it is not promised. */
  readonly except: readonly string[];
  /** Whether it is about the mount on that path alone. */
  readonly isAlone?: boolean;
}

const claim = (path: string, is: Claim['is'], except: readonly string[] = []): Claim => ({
  path,
  is,
  except,
});

const readOnly = (paths: readonly string[], except: readonly string[] = []): Claim[] =>
  paths.map((path) => claim(path, 'read-only', except));

const inaccessible = (paths: readonly string[]): Claim[] => paths.map((path) => claim(path, 'inaccessible'));

const emptied = (paths: readonly string[]): Claim[] => paths.map((path) => claim(path, 'emptied'));

function protectSystem(lines: MountLines): Claim[] {
  const value = lines.word('ProtectSystem');
  if (value === 'strict') return readOnly(['/'], [...KERNEL, ...HOMES]);
  if (value === 'full') return readOnly([...VENDOR, '/etc']);
  return value === 'yes' ? readOnly(VENDOR) : [];
}

function protectHome(lines: MountLines): Claim[] {
  const value = lines.word('ProtectHome');
  if (value === 'yes') return inaccessible(HOMES);
  if (value === 'tmpfs') return emptied(HOMES);
  return value === 'read-only' ? readOnly(HOMES) : [];
}

/** The file that systemd mounts writable for a unit that it tells of its memory's state (MemoryPressureWatch=). */
const ownPressureFile = (lines: MountLines): string[] => {
  const group = lines.word('ControlGroup');
  return group === '' ? [] : [`/sys/fs/cgroup${group}/memory.pressure`];
};

/** The bus has the words in a property of their own. With `private` a unit may write to the groups that it sees. */
function protectControlGroups(lines: MountLines): Claim[] {
  const values = ['ProtectControlGroups', 'ProtectControlGroupsEx'].map(lines.word);
  return values.includes('private') ? [] : readOnly(['/sys/fs/cgroup'], ownPressureFile(lines));
}

const noExec = (lines: MountLines): Claim[] =>
  lines.places('NoExecPaths').map((path) => claim(path, 'noexec', lines.places('ExecPaths')));

/** The claims of a directive, by its name. */
export const CLAIMS: ReadonlyMap<string, (lines: MountLines) => readonly Claim[]> = new Map([
  ['ExecPaths', (lines: MountLines) => lines.places('ExecPaths').map((path) => claim(path, 'executable'))],
  ['InaccessiblePaths', (lines: MountLines) => inaccessible(lines.places('InaccessiblePaths'))],
  ['NoExecPaths', noExec],
  ['PrivateDevices', () => emptied(['/dev'])],
  ['PrivateTmp', () => TEMPORARY.map((path) => claim(path, 'private'))],
  ['ProtectControlGroups', protectControlGroups],
  ['ProtectHome', protectHome],
  ['ProtectKernelLogs', () => inaccessible(['/dev/kmsg', '/proc/kmsg'])],
  ['ProtectKernelModules', () => inaccessible(['/lib/modules', '/usr/lib/modules'])],
  [
    'ProtectKernelTunables',
    () => [...readOnly(TUNABLES, NO_TUNABLES), ...inaccessible(['/proc/kallsyms', '/proc/kcore'])],
  ],
  ['ProtectSystem', protectSystem],
  ['ReadOnlyPaths', (lines: MountLines) => readOnly(lines.places('ReadOnlyPaths'), ownPressureFile(lines))],
  [
    'ReadWritePaths',
    (lines: MountLines) => lines.places('ReadWritePaths').map((path) => claim(path, 'writable')),
  ],
  ['RootDirectory', () => [claim('/', 'private')]],
  ['RootImage', () => [claim('/', 'private')]],
  [
    'TemporaryFileSystem',
    (lines: MountLines) =>
      lines
        .temporary()
        .flatMap(({ path, isReadOnly, isNoExec }) => [
          ...emptied([path]),
          ...(isReadOnly ? [{ ...claim(path, 'read-only'), isAlone: true }] : []),
          ...(isNoExec ? [{ ...claim(path, 'noexec'), isAlone: true }] : []),
        ]),
  ],
]);

/** The claims of a directive; none if it isn't set. */
export const claimsOf = (lines: MountLines, directive: string): readonly Claim[] =>
  lines.isSet(directive) ? (CLAIMS.get(directive)?.(lines) ?? []) : [];

/**
 * Paths that have a mount of their own. Where systemd makes all below a path read-only or not executable, it leaves
 * these out (the deny list of bind_remount_recursive()).
 */
export const mountEntries = (lines: MountLines): MountEntry[] => [
  ...writable(lines),
  ...entries('BindReadOnlyPaths', lines.places('BindReadOnlyPaths')),
  ...KERNEL_MOUNTS.filter((name) => lines.isSet(name)).flatMap((name) => entries(name, [...KERNEL, '/run'])),
  ...[...CLAIMS.keys()].flatMap((name) =>
    claimsOf(lines, name).flatMap(({ path, except }) => entries(name, [path, ...except])),
  ),
];

/** Paths that claims are about, which have to be followed in the process's view. */
export const pathsOfClaims = (lines: MountLines, claims: readonly Claim[]): string[] => [
  ...claims.flatMap(({ path, except }) => [path, ...except]),
  ...(claims.some(reachesBelow) ? mountEntries(lines).map(({ path }) => path) : []),
];

/** Whether a claim is about the mounts below its path, too. */
export const reachesBelow = ({ is, isAlone }: Claim): boolean =>
  (is === 'read-only' || is === 'noexec') && isAlone !== true;
