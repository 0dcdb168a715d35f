import {
  type Directive,
  FIXED,
  on,
  oneOf,
  RESTRICTS,
  restriction,
  row,
  type Strictness,
  toggle,
  type ValueKind,
  weakestFirst,
} from '../row.js';

const PATHS: ValueKind = { type: 'paths', plus: true };

const paths = (name: string, since: number, strictness: Strictness, example: string[]): Directive =>
  row(name, since, PATHS, example, {
    reset: '',
    merge: strictness === RESTRICTS ? 'append' : 'replace',
    strictness,
    bus: on(name, 'as'),
    mountNamespace: true,
  });

/** BindPaths= and BindReadOnlyPaths= are one list to systemd: a reset of either takes both back, so ours adds. */
const binds = (name: string, rule: 'binds' | 'read-only-binds', example: string[]): Directive =>
  row(name, 233, { type: 'binds' }, example, {
    reset: '',
    merge: 'append',
    strictness: { rule },
    bus: on(name, 'a(ssbt)'),
    mountNamespace: true,
  });

/** RootImage= and its kin came to the user manager with 262, by systemd-mountfsd.service(8). */
const IMAGE = { reset: '', strictness: FIXED, systemOnly: { before: 262 } } as const;

const policy = (name: string): Directive =>
  row(name, 254, { type: 'image-policy' }, 'root=verity+signed:usr=verity+signed:=absent', {
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
  return row(name, since, { type: 'directories', base, symlink }, example, {
    reset: '',
    merge: 'append',
    strictness: { rule: 'directories' },
    bus: on(name, 'as'),
    ...(symlink ? { more: [{ property: `${name}Symlink`, signature: 'a(sst)', since: 251 }] } : {}),
  });
}

const mode = (name: string): Directive =>
  row(name, 234, { type: 'mode' }, '0750', { strictness: { rule: 'mode' }, bus: on(name, 'u') });

const quota = (name: string): Directive =>
  row(name, 258, { type: 'size', off: true }, '1G', {
    reset: '',
    strictness: { rule: 'limit' },
    bus: on(name, '(tus)'),
  });

/** What the service sees of the file system, and where it may write. */
export const FILESYSTEM: readonly Directive[] = [
  toggle('BindLogSockets', 257),
  binds('BindPaths', 'binds', ['/srv/data:/data']),
  binds('BindReadOnlyPaths', 'read-only-binds', ['/srv/www', '-/srv/extra:/extra:norbind']),
  directory('CacheDirectory', 235, '/var/cache', true, ['web']),
  toggle('CacheDirectoryAccounting', 258),
  mode('CacheDirectoryMode'),
  quota('CacheDirectoryQuota'),
  directory('ConfigurationDirectory', 235, '/etc', false, ['web']),
  mode('ConfigurationDirectoryMode'),
  paths('ExecPaths', 248, { rule: 'exec-paths' }, ['/usr/sbin/nginx', '-/usr/lib']),
  row('ExecSearchPath', 250, { type: 'search-path' }, ['/usr/local/bin', '/usr/bin'], {
    reset: '',
    merge: 'replace',
    bus: on('ExecSearchPath', 'as'),
  }),
  row('ExtensionDirectories', 251, { type: 'paths', plus: false }, ['-/srv/extension'], {
    reset: '',
    merge: 'append',
    strictness: { rule: 'read-only-binds' },
    bus: on('ExtensionDirectories', 'as'),
    mountNamespace: true,
  }),
  policy('ExtensionImagePolicy'),
  row('ExtensionImages', 248, { type: 'images', destination: false }, ['-/srv/extension.raw'], {
    reset: '',
    merge: 'append',
    strictness: { rule: 'read-only-binds' },
    bus: on('ExtensionImages', 'a(sba(ss))'),
    mountNamespace: true,
    systemOnly: { before: 262 },
  }),
  paths('InaccessiblePaths', 231, RESTRICTS, ['/srv/secret', '-/opt']),
  directory('LogsDirectory', 235, '/var/log', true, ['web']),
  toggle('LogsDirectoryAccounting', 258),
  mode('LogsDirectoryMode'),
  quota('LogsDirectoryQuota'),
  toggle('MountAPIVFS', 233),
  row('MountFlags', 183, oneOf(['private', 'shared', 'slave']), 'private', {
    strictness: weakestFirst(['shared', 'slave', 'private'], 'shared'),
    bus: on('MountFlags', 't'),
    userNamespace: true,
  }),
  policy('MountImagePolicy'),
  row('MountImages', 247, { type: 'images', destination: true }, ['-/srv/data.raw:/data'], {
    reset: '',
    merge: 'append',
    strictness: { rule: 'binds' },
    bus: on('MountImages', 'a(ssba(ss))'),
    mountNamespace: true,
    systemOnly: { before: 262 },
  }),
  paths('NoExecPaths', 248, RESTRICTS, ['/']),
  row('ProtectHome', 214, oneOf(['read-only', { value: 'tmpfs', since: 238 }], true), true, {
    // `tmpfs` and `yes` hide the same directories.
    strictness: {
      rule: 'ranks',
      ranks: { no: [0], 'read-only': [1], tmpfs: [2], yes: [2] },
      unset: 'no',
    },
    mountNamespace: true,
  }),
  row('ProtectSystem', 214, oneOf(['full', { value: 'strict', since: 232 }], true), 'strict', {
    strictness: weakestFirst(['no', 'yes', 'full', 'strict'], 'no'),
    mountNamespace: true,
  }),
  paths('ReadOnlyPaths', 231, RESTRICTS, ['/srv', '-+/opt']),
  paths('ReadWritePaths', 231, { rule: 'write-paths' }, ['/var/lib/web', '/var/log/web']),
  row('RootDirectory', 183, { type: 'path', specifiers: true }, '/srv/root', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    mountNamespace: true,
  }),
  restriction('RootEphemeral', 254, { systemOnly: true }),
  row('RootHash', 246, { type: 'root-hash' }, 'f0'.repeat(32), {
    ...IMAGE,
    bus: on('RootHash', 'ay'),
    more: [on('RootHashPath', 's')],
  }),
  row('RootHashSignature', 246, { type: 'signature' }, '/srv/root.roothash.p7s', {
    ...IMAGE,
    bus: on('RootHashSignature', 'ay'),
    more: [on('RootHashSignaturePath', 's')],
  }),
  row('RootImage', 233, { type: 'path', specifiers: true }, '/srv/root.raw', {
    ...IMAGE,
    fatal: true,
    mountNamespace: true,
  }),
  row('RootImageOptions', 247, { type: 'image-options' }, ['root:ro,nodev', 'home:nosuid'], {
    ...IMAGE,
    merge: 'replace',
    bus: on('RootImageOptions', 'a(ss)'),
    systemOnly: true,
  }),
  policy('RootImagePolicy'),
  row('RootMStack', 260, { type: 'path', specifiers: true }, '/srv/root.mstack', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    mountNamespace: true,
  }),
  row('RootVerity', 246, { type: 'path', specifiers: true }, '/srv/root.verity', {
    ...IMAGE,
    fatal: true,
  }),
  directory('RuntimeDirectory', 211, '/run', true, ['web']),
  { ...mode('RuntimeDirectoryMode'), since: 211 },
  row('RuntimeDirectoryPreserve', 235, oneOf(['restart'], true), 'restart'),
  directory('StateDirectory', 235, '/var/lib', true, ['web', 'web/cache']),
  toggle('StateDirectoryAccounting', 258),
  mode('StateDirectoryMode'),
  quota('StateDirectoryQuota'),
  row('TemporaryFileSystem', 238, { type: 'tmpfs' }, ['/var:ro', '/srv:size=10%,mode=0700'], {
    reset: '',
    merge: 'append',
    strictness: RESTRICTS,
    bus: on('TemporaryFileSystem', 'a(ss)'),
    mountNamespace: true,
  }),
  row('TimeoutCleanSec', 244, { type: 'time', unit: 'seconds', infinity: true }, '30s', {
    bus: on('TimeoutCleanUSec', 't'),
  }),
  row('WorkingDirectory', 183, { type: 'path', specifiers: true, word: '~', dash: true }, '/srv/www', {
    fatal: true,
    reset: '',
  }),
];
