/** Mounts that directives promise, as claims about paths. */

import { HOMES, KERNEL, NO_TUNABLES, TUNABLES, VENDOR } from './closed-paths.js';
import { type MountEntry, type MountLines, mountEntries, TEMPORARY, writable } from './mount-entries.js';

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
  /** Paths below that systemd leaves out, although nobody says so. */
  readonly leftOut: readonly MountEntry[];
}

const pathsIn = (some: readonly MountEntry[]): string[] => some.map(({ path }) => path);

const claim = (path: string, is: Claim['is'], more: Partial<Claim> = {}): Claim => ({
  path,
  is,
  except: [],
  leftOut: [],
  ...more,
});

const readOnly = (lines: MountLines, paths: readonly string[], except: readonly string[] = []): Claim[] =>
  paths.map((path) =>
    claim(path, 'read-only', {
      except: [...pathsIn(writable(lines)), ...except],
      leftOut: mountEntries(lines),
    }),
  );

const inaccessible = (paths: readonly string[]): Claim[] => paths.map((path) => claim(path, 'inaccessible'));

const emptied = (paths: readonly string[]): Claim[] => paths.map((path) => claim(path, 'emptied'));

function protectSystem(lines: MountLines): Claim[] {
  const value = lines.word('ProtectSystem');
  if (value === 'strict') return readOnly(lines, ['/'], [...KERNEL, ...HOMES]);
  if (value === 'full') return readOnly(lines, [...VENDOR, '/etc']);
  return value === 'yes' ? readOnly(lines, VENDOR) : [];
}

function protectHome(lines: MountLines): Claim[] {
  const value = lines.word('ProtectHome');
  if (value === 'yes') return inaccessible(HOMES);
  if (value === 'tmpfs') return emptied(HOMES);
  return value === 'read-only' ? readOnly(lines, HOMES) : [];
}

/** The file that systemd mounts writable for a unit that it tells of its memory's state (MemoryPressureWatch=). */
const ownPressureFile = (lines: MountLines): string[] => {
  const group = lines.word('ControlGroup');
  return group === '' ? [] : [`/sys/fs/cgroup${group}/memory.pressure`];
};

/** The bus has the words in a property of their own. With `private` a unit may write to the groups that it sees. */
function protectControlGroups(lines: MountLines): Claim[] {
  const values = ['ProtectControlGroups', 'ProtectControlGroupsEx'].map(lines.word);
  return values.includes('private') ? [] : readOnly(lines, ['/sys/fs/cgroup'], ownPressureFile(lines));
}

const noExec = (lines: MountLines): Claim[] =>
  lines
    .places('NoExecPaths')
    .map((path) =>
      claim(path, 'noexec', { except: lines.places('ExecPaths'), leftOut: mountEntries(lines) }),
    );

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
    (lines: MountLines) => [
      ...readOnly(lines, TUNABLES, NO_TUNABLES),
      ...inaccessible(['/proc/kallsyms', '/proc/kcore']),
    ],
  ],
  ['ProtectSystem', protectSystem],
  [
    'ReadOnlyPaths',
    (lines: MountLines) => readOnly(lines, lines.places('ReadOnlyPaths'), ownPressureFile(lines)),
  ],
  [
    'ReadWritePaths',
    (lines: MountLines) => lines.places('ReadWritePaths').map((path) => claim(path, 'writable')),
  ],
  ['RootDirectory', () => [claim('/', 'private')]],
  ['RootImage', () => [claim('/', 'private')]],
  [
    'TemporaryFileSystem',
    (lines: MountLines) =>
      lines.temporary().flatMap(({ path, isReadOnly, isNoExec }) => {
        const except = pathsIn(mountEntries(lines)).filter((one) => one !== path);
        return [
          ...emptied([path]),
          ...(isReadOnly ? [claim(path, 'read-only', { except })] : []),
          ...(isNoExec ? [claim(path, 'noexec', { except })] : []),
        ];
      }),
  ],
]);

/** Paths that a claim names, which have to be followed in the process's view. */
export const pathsOfClaim = ({ path, except, leftOut }: Claim): string[] => [
  path,
  ...except,
  ...pathsIn(leftOut),
];

/** The claims of a directive; none if it isn't set. */
export const claimsOf = (lines: MountLines, directive: string): readonly Claim[] =>
  lines.isSet(directive) ? (CLAIMS.get(directive)?.(lines) ?? []) : [];
