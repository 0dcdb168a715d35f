import type { Directive } from '../directive.js';
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
import { BOOLEAN, oneOf } from '../kinds/scalars/enumeration.js';
import { MODE, RIGHTS } from '../kinds/scalars/mode.js';
import { size } from '../kinds/scalars/size.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { CONFINES, group } from '../row.js';
import { LIMIT } from '../values/amounts.js';
import { FIXED, RESTRICTS, ranked, weakestFirst } from '../values/strictness.js';

/** MS_* of sys/mount.h. */
const MOUNT_FLAGS = { private: 1 << 18, shared: 1 << 20, slave: 1 << 19 };

const HOME_WORDS = ['read-only', { value: 'tmpfs', since: 238 }];
/** `tmpfs` and `yes` hide the same directories. */
const HOMES = ranked({ no: [0], 'read-only': [1], tmpfs: [2], yes: [2] }, 'no');

const SYSTEM_WORDS = ['full', { value: 'strict', since: 232 }];
const SYSTEM = weakestFirst(['no', 'yes', 'full', 'strict'], 'no');

const LINK = { more: { end: 'Symlink', signature: 'a(sst)', since: 251 } };
const PATH_OF_FILE = { more: { end: 'Path', signature: 's' } };
const IMAGE_RULES = 'root=verity+signed:usr=verity+signed:=absent';

/** The service's view of the file system, and where it may write. */
export const filesystem = (): readonly Directive[] => {
  const [PATH, PATHS, QUOTA] = [path(), paths('-+'), size({ off: true })];
  const below = (base: string, symlink = true) => directories({ base, symlink });
  return [
    ...group(
      {},
      ['BindLogSockets', 257, BOOLEAN, true],
      ['CacheDirectoryAccounting', 258, BOOLEAN, true],
      ['LogsDirectoryAccounting', 258, BOOLEAN, true],
      ['MountAPIVFS', 233, BOOLEAN, true],
      ['RootEphemeral', 254, BOOLEAN, true, { ...CONFINES, systemOnly: true }],
      ['RuntimeDirectoryPreserve', 235, oneOf(['restart'], { boolean: true }), 'restart'],
      ['StateDirectoryAccounting', 258, BOOLEAN, true],
      ['TimeoutCleanSec', 244, timeSpan({ unit: 'seconds', infinity: true }), '30s'],
      ['WorkingDirectory', 183, path({ word: '~', dash: true }), '/srv/www', { fatal: true, reset: '' }],
    ),
    // Each entry adds to the unit's own. A reset of BindPaths= or BindReadOnlyPaths= takes both back: one list to systemd.
    ...group(
      { reset: '', merge: 'append', mountNamespace: true },
      ['BindPaths', 233, BINDS, ['/srv/data:/data'], { strictness: WRITABLE_MOUNTS }],
      [
        'BindReadOnlyPaths',
        233,
        BINDS,
        ['/srv/www', '-/srv/extra:/extra:norbind'],
        { strictness: READ_ONLY_MOUNTS },
      ],
      ['ExtensionDirectories', 251, paths('-'), ['-/srv/extension'], { strictness: READ_ONLY_MOUNTS }],
      ['InaccessiblePaths', 231, PATHS, ['/srv/secret', '-/opt'], { strictness: RESTRICTS }],
      ['NoExecPaths', 248, PATHS, ['/'], { strictness: RESTRICTS }],
      ['ReadOnlyPaths', 231, PATHS, ['/srv', '-+/opt'], { strictness: RESTRICTS }],
      ['TemporaryFileSystem', 238, TMPFS, ['/var:ro', '/srv:size=10%,mode=0700'], { strictness: RESTRICTS }],
    ),
    ...group(
      { reset: '', merge: 'replace' },
      [
        'ExecPaths',
        248,
        PATHS,
        ['/usr/sbin/nginx', '-/usr/lib'],
        { strictness: EXEC_PATHS, mountNamespace: true },
      ],
      ['ExecSearchPath', 250, SEARCH_PATH, ['/usr/local/bin', '/usr/bin']],
      [
        'ReadWritePaths',
        231,
        PATHS,
        ['/var/lib/web', '/var/log/web'],
        { strictness: WRITE_PATHS, mountNamespace: true },
      ],
    ),
    // Directories add to the unit's own, which the service counts on.
    ...group(
      { reset: '', merge: 'append', strictness: WRITABLE_DIRECTORIES },
      ['CacheDirectory', 235, below('/var/cache'), ['web'], LINK],
      ['ConfigurationDirectory', 235, below('/etc', false), ['web']],
      ['LogsDirectory', 235, below('/var/log'), ['web'], LINK],
      ['RuntimeDirectory', 211, below('/run'), ['web'], LINK],
      ['StateDirectory', 235, below('/var/lib'), ['web', 'web/cache'], LINK],
    ),
    ...group(
      { strictness: RIGHTS },
      ['CacheDirectoryMode', 234, MODE, '0750'],
      ['ConfigurationDirectoryMode', 234, MODE, '0750'],
      ['LogsDirectoryMode', 234, MODE, '0750'],
      ['RuntimeDirectoryMode', 211, MODE, '0750'],
      ['StateDirectoryMode', 234, MODE, '0750'],
    ),
    ...group(
      { reset: '', strictness: LIMIT },
      ['CacheDirectoryQuota', 258, QUOTA, '1G'],
      ['LogsDirectoryQuota', 258, QUOTA, '1G'],
      ['StateDirectoryQuota', 258, QUOTA, '1G'],
    ),
    ...group(
      { mountNamespace: true, impliedBy: 'DynamicUser' },
      ['ProtectHome', 214, oneOf(HOME_WORDS, { boolean: true }), true, { strictness: HOMES }],
      ['ProtectSystem', 214, oneOf(SYSTEM_WORDS, { boolean: true }), 'strict', { strictness: SYSTEM }],
    ),
    ...group({ userNamespace: true, strictness: weakestFirst(['shared', 'slave', 'private'], 'shared') }, [
      'MountFlags',
      183,
      oneOf(Object.keys(MOUNT_FLAGS), { codes: MOUNT_FLAGS }),
      'private',
      { bus: { signature: 't' } },
    ]),
    ...group(
      { fatal: true, reset: '', strictness: FIXED },
      ['ExtensionImagePolicy', 254, IMAGE_POLICY, IMAGE_RULES],
      ['MountImagePolicy', 254, IMAGE_POLICY, IMAGE_RULES],
      ['RootDirectory', 183, PATH, '/srv/root', { mountNamespace: true }],
      ['RootImagePolicy', 254, IMAGE_POLICY, IMAGE_RULES],
      ['RootMStack', 260, PATH, '/srv/root.mstack', { mountNamespace: true }],
    ),
    // Images came to the user manager with 262, by systemd-mountfsd.service(8).
    ...group(
      { reset: '', strictness: FIXED, systemOnly: { before: 262 } },
      ['RootHash', 246, ROOT_HASH, 'f0'.repeat(32), PATH_OF_FILE],
      ['RootHashSignature', 246, ROOT_HASH_SIGNATURE, '/srv/root.roothash.p7s', PATH_OF_FILE],
      ['RootImage', 233, PATH, '/srv/root.raw', { fatal: true, mountNamespace: true }],
      [
        'RootImageOptions',
        247,
        IMAGE_OPTIONS,
        ['root:ro,nodev', 'home:nosuid'],
        { merge: 'replace', systemOnly: true },
      ],
      ['RootVerity', 246, PATH, '/srv/root.verity', { fatal: true }],
    ),
    ...group(
      { reset: '', merge: 'append', mountNamespace: true, systemOnly: { before: 262 } },
      [
        'ExtensionImages',
        248,
        images({ destination: false }),
        ['-/srv/extension.raw'],
        { strictness: READ_ONLY_MOUNTS },
      ],
      [
        'MountImages',
        247,
        images({ destination: true }),
        ['-/srv/data.raw:/data'],
        { strictness: WRITABLE_MOUNTS },
      ],
    ),
  ];
};
