/** Mounts that directives promise, as claims about paths. */

import type { Get } from '../../directives/directive.js';
import { HOMES, KERNEL, NO_TUNABLES, TUNABLES, VENDOR } from '../../directives/values/closed-paths.js';
import { isSet, mountEntries, pathsIn, TEMPORARY, temporaryIn, word, writable } from './mount-entries.js';

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
  readonly leftOut: readonly string[];
}

const claim = (path: string, is: Claim['is'], more: Partial<Claim> = {}): Claim => ({
  path,
  is,
  except: [],
  leftOut: [],
  ...more,
});

const readOnly = (get: Get, paths: readonly string[], except: readonly string[] = []): Claim[] =>
  paths.map((path) =>
    claim(path, 'read-only', { except: [...writable(get), ...except], leftOut: mountEntries(get) }),
  );

const inaccessible = (paths: readonly string[]): Claim[] => paths.map((path) => claim(path, 'inaccessible'));

const emptied = (paths: readonly string[]): Claim[] => paths.map((path) => claim(path, 'emptied'));

function protectSystem(get: Get): Claim[] {
  const value = word(get, 'ProtectSystem');
  if (value === 'strict') return readOnly(get, ['/'], [...KERNEL, ...HOMES]);
  if (value === 'full') return readOnly(get, [...VENDOR, '/etc']);
  return value === 'yes' ? readOnly(get, VENDOR) : [];
}

function protectHome(get: Get): Claim[] {
  const value = word(get, 'ProtectHome');
  if (value === 'yes') return inaccessible(HOMES);
  if (value === 'tmpfs') return emptied(HOMES);
  return value === 'read-only' ? readOnly(get, HOMES) : [];
}

/** The file that systemd mounts into the control groups for a unit that it tells of its memory's state. */
const isOwnGroups = (get: Get): string[] => {
  const group = get('ControlGroup');
  return typeof group === 'string' && group !== '' ? [`/sys/fs/cgroup${group}`] : [];
};

const noExec = (get: Get): Claim[] =>
  pathsIn(get, 'NoExecPaths').map((path) =>
    claim(path, 'noexec', { except: pathsIn(get, 'ExecPaths'), leftOut: mountEntries(get) }),
  );

/** The claims of a directive that the manager has loaded, by its name. */
export const CLAIMS: ReadonlyMap<string, (get: Get) => readonly Claim[]> = new Map([
  ['ExecPaths', (get: Get) => pathsIn(get, 'ExecPaths').map((path) => claim(path, 'executable'))],
  ['InaccessiblePaths', (get: Get) => inaccessible(pathsIn(get, 'InaccessiblePaths'))],
  ['NoExecPaths', noExec],
  ['PrivateDevices', () => emptied(['/dev'])],
  ['PrivateTmp', () => TEMPORARY.map((path) => claim(path, 'private'))],
  ['ProtectControlGroups', (get: Get) => readOnly(get, ['/sys/fs/cgroup'], isOwnGroups(get))],
  ['ProtectHome', protectHome],
  ['ProtectKernelLogs', () => inaccessible(['/dev/kmsg', '/proc/kmsg'])],
  ['ProtectKernelModules', () => inaccessible(['/lib/modules', '/usr/lib/modules'])],
  [
    'ProtectKernelTunables',
    (get: Get) => [
      ...readOnly(get, TUNABLES, NO_TUNABLES),
      ...inaccessible(['/proc/kallsyms', '/proc/kcore']),
    ],
  ],
  ['ProtectSystem', protectSystem],
  ['ReadOnlyPaths', (get: Get) => readOnly(get, pathsIn(get, 'ReadOnlyPaths'))],
  ['ReadWritePaths', (get: Get) => pathsIn(get, 'ReadWritePaths').map((path) => claim(path, 'writable'))],
  ['RootDirectory', () => [claim('/', 'private')]],
  ['RootImage', () => [claim('/', 'private')]],
  [
    'TemporaryFileSystem',
    (get: Get) =>
      temporaryIn(get).flatMap(({ path, isReadOnly }) => [
        ...emptied([path]),
        ...(isReadOnly
          ? [claim(path, 'read-only', { except: mountEntries(get).filter((one) => one !== path) })]
          : []),
      ]),
  ],
]);

/** Paths that a claim names, which have to be followed in the process's view. */
export const pathsOfClaim = ({ path, except, leftOut }: Claim): string[] => [path, ...except, ...leftOut];

/** Whether a directive's claims are all but its exceptions: a value that it hasn't promises nothing. */
export const claimsOf = (get: Get, directive: string): readonly Claim[] =>
  isSet(get, directive) ? (CLAIMS.get(directive)?.(get) ?? []) : [];
