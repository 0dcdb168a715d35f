import type { Directive, Strictness } from '../directive.js';
import { directories, WRITABLE_DIRECTORIES } from '../kinds/paths/directories.js';
import {
  IMAGE_OPTIONS,
  IMAGE_POLICY,
  images,
  ROOT_HASH,
  ROOT_HASH_SIGNATURE,
} from '../kinds/paths/images.js';
import { BINDS, READ_ONLY_MOUNTS, TMPFS, WRITABLE_MOUNTS } from '../kinds/paths/mounts.js';
import { path } from '../kinds/paths/path.js';
import { EXEC_PATHS, paths, SEARCH_PATH, WRITE_PATHS } from '../kinds/paths/paths.js';
import { oneOf } from '../kinds/scalars/enumeration.js';
import { MODE, RIGHTS } from '../kinds/scalars/mode.js';
import { size } from '../kinds/scalars/size.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { on, restriction, row, toggle } from '../row.js';
import { LIMIT } from '../values/amounts.js';
import { FIXED, RESTRICTS, ranked, weakestFirst } from '../values/strictness.js';

const PATHS = paths('-+');

const pathList = (name: string, since: number, strictness: Strictness, example: string[]): Directive =>
  row(name, since, PATHS, example, {
    reset: '',
    merge: strictness === RESTRICTS ? 'append' : 'replace',
    strictness,
    mountNamespace: true,
  });

/** BindPaths= and BindReadOnlyPaths= are one list to systemd: a reset of either takes both back, so ours adds. */
const binds = (name: string, strictness: Strictness, example: string[]): Directive =>
  row(name, 233, BINDS, example, {
    reset: '',
    merge: 'append',
    strictness,
    mountNamespace: true,
  });

/** MS_* of sys/mount.h. */
const MOUNT_FLAGS = { shared: 1 << 20, slave: 1 << 19, private: 1 << 18 };

/** RootImage= and its kin came to the user manager with 262, by systemd-mountfsd.service(8). */
const IMAGE = { reset: '', strictness: FIXED, systemOnly: { before: 262 } } as const;

const policy = (name: string): Directive =>
  row(name, 254, IMAGE_POLICY, 'root=verity+signed:usr=verity+signed:=absent', {
    fatal: true,
    reset: '',
    strictness: FIXED,
  });

/** Directories add to the unit's own, which the service counts on. */
function directory(
  name: string,
  since: number,
  base: string,
  symlink: boolean,
  example: string[],
): Directive {
  return row(name, since, directories({ base, symlink }), example, {
    reset: '',
    merge: 'append',
    strictness: WRITABLE_DIRECTORIES,
    ...(symlink ? { more: [{ property: `${name}Symlink`, signature: 'a(sst)', since: 251 }] } : {}),
  });
}

const mode = (name: string): Directive => row(name, 234, MODE, '0750', { strictness: RIGHTS });

const quota = (name: string): Directive =>
  row(name, 258, size({ off: true }), '1G', {
    reset: '',
    strictness: LIMIT,
  });

/** The service's view of the file system, and where it may write. */
export const filesystem = (): readonly Directive[] => [
  toggle('BindLogSockets', 257),
  binds('BindPaths', WRITABLE_MOUNTS, ['/srv/data:/data']),
  binds('BindReadOnlyPaths', READ_ONLY_MOUNTS, ['/srv/www', '-/srv/extra:/extra:norbind']),
  directory('CacheDirectory', 235, '/var/cache', true, ['web']),
  toggle('CacheDirectoryAccounting', 258),
  mode('CacheDirectoryMode'),
  quota('CacheDirectoryQuota'),
  directory('ConfigurationDirectory', 235, '/etc', false, ['web']),
  mode('ConfigurationDirectoryMode'),
  pathList('ExecPaths', 248, EXEC_PATHS, ['/usr/sbin/nginx', '-/usr/lib']),
  row('ExecSearchPath', 250, SEARCH_PATH, ['/usr/local/bin', '/usr/bin'], {
    reset: '',
    merge: 'replace',
  }),
  row('ExtensionDirectories', 251, paths('-'), ['-/srv/extension'], {
    reset: '',
    merge: 'append',
    strictness: READ_ONLY_MOUNTS,
    mountNamespace: true,
  }),
  policy('ExtensionImagePolicy'),
  row('ExtensionImages', 248, images({ destination: false }), ['-/srv/extension.raw'], {
    reset: '',
    merge: 'append',
    strictness: READ_ONLY_MOUNTS,
    mountNamespace: true,
    systemOnly: { before: 262 },
  }),
  pathList('InaccessiblePaths', 231, RESTRICTS, ['/srv/secret', '-/opt']),
  directory('LogsDirectory', 235, '/var/log', true, ['web']),
  toggle('LogsDirectoryAccounting', 258),
  mode('LogsDirectoryMode'),
  quota('LogsDirectoryQuota'),
  toggle('MountAPIVFS', 233),
  row('MountFlags', 183, oneOf(['private', 'shared', 'slave'], { codes: MOUNT_FLAGS }), 'private', {
    strictness: weakestFirst(['shared', 'slave', 'private'], 'shared'),
    bus: on('MountFlags', 't'),
    userNamespace: true,
  }),
  policy('MountImagePolicy'),
  row('MountImages', 247, images({ destination: true }), ['-/srv/data.raw:/data'], {
    reset: '',
    merge: 'append',
    strictness: WRITABLE_MOUNTS,
    mountNamespace: true,
    systemOnly: { before: 262 },
  }),
  pathList('NoExecPaths', 248, RESTRICTS, ['/']),
  row('ProtectHome', 214, oneOf(['read-only', { value: 'tmpfs', since: 238 }], { boolean: true }), true, {
    // `tmpfs` and `yes` hide the same directories.
    strictness: ranked({ no: [0], 'read-only': [1], tmpfs: [2], yes: [2] }, 'no'),
    impliedBy: 'DynamicUser',
    mountNamespace: true,
  }),
  row('ProtectSystem', 214, oneOf(['full', { value: 'strict', since: 232 }], { boolean: true }), 'strict', {
    strictness: weakestFirst(['no', 'yes', 'full', 'strict'], 'no'),
    impliedBy: 'DynamicUser',
    mountNamespace: true,
  }),
  pathList('ReadOnlyPaths', 231, RESTRICTS, ['/srv', '-+/opt']),
  pathList('ReadWritePaths', 231, WRITE_PATHS, ['/var/lib/web', '/var/log/web']),
  row('RootDirectory', 183, path(), '/srv/root', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    mountNamespace: true,
  }),
  restriction('RootEphemeral', 254, { systemOnly: true }),
  row('RootHash', 246, ROOT_HASH, 'f0'.repeat(32), {
    ...IMAGE,
    more: [on('RootHashPath', 's')],
  }),
  row('RootHashSignature', 246, ROOT_HASH_SIGNATURE, '/srv/root.roothash.p7s', {
    ...IMAGE,
    more: [on('RootHashSignaturePath', 's')],
  }),
  row('RootImage', 233, path(), '/srv/root.raw', {
    ...IMAGE,
    fatal: true,
    mountNamespace: true,
  }),
  row('RootImageOptions', 247, IMAGE_OPTIONS, ['root:ro,nodev', 'home:nosuid'], {
    ...IMAGE,
    merge: 'replace',
    systemOnly: true,
  }),
  policy('RootImagePolicy'),
  row('RootMStack', 260, path(), '/srv/root.mstack', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    mountNamespace: true,
  }),
  row('RootVerity', 246, path(), '/srv/root.verity', {
    ...IMAGE,
    fatal: true,
  }),
  directory('RuntimeDirectory', 211, '/run', true, ['web']),
  { ...mode('RuntimeDirectoryMode'), since: 211 },
  row('RuntimeDirectoryPreserve', 235, oneOf(['restart'], { boolean: true }), 'restart'),
  directory('StateDirectory', 235, '/var/lib', true, ['web', 'web/cache']),
  toggle('StateDirectoryAccounting', 258),
  mode('StateDirectoryMode'),
  quota('StateDirectoryQuota'),
  row('TemporaryFileSystem', 238, TMPFS, ['/var:ro', '/srv:size=10%,mode=0700'], {
    reset: '',
    merge: 'append',
    strictness: RESTRICTS,
    mountNamespace: true,
  }),
  row('TimeoutCleanSec', 244, timeSpan({ unit: 'seconds', infinity: true }), '30s', {
    bus: on('TimeoutCleanUSec', 't'),
  }),
  row('WorkingDirectory', 183, path({ word: '~', dash: true }), '/srv/www', {
    fatal: true,
    reset: '',
  }),
];
