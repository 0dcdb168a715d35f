/** Tests of all of systemd/directives/kinds/paths/: paths, mounts, images, devices and credentials. */
import { describe } from 'node:test';
import { BAD } from '../../../support/bad-values.js';
import { loosensBy, readBack, refuses, writes } from '../../../support/directive-cases.js';

describe('paths', () => {
  refuses(BAD.paths);

  const opens = (path: string, by: string) => `it opens '${path}', which the unit's '${by}' closes`;

  loosensBy('paths may not open what another directive of the unit closes', [
    [[], 'ReadWritePaths', ['/'], undefined],
    [['ProtectSystem=strict'], 'ReadWritePaths', ['/srv'], opens('/srv', 'ProtectSystem')],
    [['ProtectSystem=strict'], 'ReadWritePaths', ['/dev/shm'], undefined],
    [['ProtectSystem=strict', 'ReadWritePaths=/srv'], 'ReadWritePaths', ['-/srv/web'], undefined],
    [
      ['ProtectSystem=strict', 'ReadWritePaths=/srv', 'ReadWritePaths='],
      'ReadWritePaths',
      ['/srv'],
      opens('/srv', 'ProtectSystem'),
    ],
    [
      ['ProtectSystem=strict', 'ReadWritePaths=/sr'],
      'ReadWritePaths',
      ['/srv'],
      `${opens('/srv', 'ProtectSystem')} but for /sr`,
    ],
    [['ProtectSystem=full'], 'ReadWritePaths', ['/srv'], undefined],
    [['ProtectSystem=full'], 'ReadWritePaths', ['/etc/web'], opens('/etc/web', 'ProtectSystem')],
    [['ProtectSystem=yes'], 'ReadWritePaths', ['/etc/web'], undefined],
    [['DynamicUser=yes'], 'ReadWritePaths', ['/srv'], opens('/srv', 'DynamicUser')],
    [['ReadOnlyPaths="/a b" /c'], 'ReadWritePaths', ['/a b/d'], opens('/a b/d', 'ReadOnlyPaths')],
    [['ReadOnlyPaths=/c'], 'ReadWritePaths', ['%S/x'], opens('%S/x', 'ReadOnlyPaths')],
    [['ProtectKernelTunables=yes'], 'ReadWritePaths', ['/sys/x'], opens('/sys/x', 'ProtectKernelTunables')],
    [['NoExecPaths=/'], 'ExecPaths', ['/usr/bin/x'], opens('/usr/bin/x', 'NoExecPaths')],
    [['NoExecPaths=/', 'ExecPaths=/usr'], 'ExecPaths', ['/usr/bin/x'], undefined],
    [
      ['NoExecPaths=/', 'ExecPaths=/usr -/opt'],
      'ExecPaths',
      ['/usr', '/srv'],
      `${opens('/srv', 'NoExecPaths')} but for /usr, /opt`,
    ],
    [[], 'ExecPaths', ['/usr/bin/x'], undefined],
    [['InaccessiblePaths=/a'], 'InaccessiblePaths', ['/b'], undefined],
    [['InaccessiblePaths=/a'], 'InaccessiblePaths', '', "it removes the unit's own entries"],
    [['InaccessiblePaths=/a', 'InaccessiblePaths='], 'InaccessiblePaths', '', undefined],
    [['ProtectSystem=strict'], 'StateDirectory', ['web'], opens('/var/lib/web', 'ProtectSystem')],
    [['ProtectSystem=strict'], 'StateDirectory', ['web::ro'], undefined],
    [['ProtectSystem=strict', 'StateDirectory=web'], 'StateDirectory', ['web'], undefined],
    [[], 'StateDirectory', ['web'], undefined],
    [[], 'BindPaths', ['/srv:/data'], undefined],
    [['ProtectSystem=strict'], 'BindPaths', ['/srv:/data'], opens('/srv', 'ProtectSystem')],
    [['ProtectSystem=full'], 'BindPaths', ['/:/host'], opens('/', 'ProtectSystem')],
    [['ProtectHome=yes'], 'BindReadOnlyPaths', ['/home/a:/a'], opens('/home/a', 'ProtectHome')],
    [['ProtectHome=read-only'], 'BindReadOnlyPaths', ['/home/a:/a'], undefined],
    [['ProtectSystem=strict'], 'BindReadOnlyPaths', ['/srv'], undefined],
    [['ProtectHome=yes'], 'BindReadOnlyPaths', ['-/run'], undefined],
    [['ProtectHome=yes'], 'BindReadOnlyPaths', ['/run:/run'], undefined],
    [['ProtectHome=yes'], 'BindReadOnlyPaths', ['/run:/data'], opens('/run', 'ProtectHome')],
    [['ProtectHome=yes'], 'BindReadOnlyPaths', ['/run/user'], opens('/run/user', 'ProtectHome')],
    [['ReadOnlyPaths=/a/b'], 'BindPaths', ['/a'], undefined],
    [['ReadOnlyPaths=/a'], 'BindPaths', ['/a'], opens('/a', 'ReadOnlyPaths')],
    [['RootDirectory=/srv/root'], 'BindReadOnlyPaths', ['/etc'], opens('/etc', 'RootDirectory')],
    [['RootDirectory=/srv/root'], 'BindReadOnlyPaths', ['/sys'], undefined],
    [['RootDirectory=/srv/root'], 'BindPaths', ['/sys'], opens('/sys', 'RootDirectory')],
    [['PrivateNetwork=yes'], 'BindReadOnlyPaths', ['/sys'], opens('/sys', 'PrivateNetwork')],
    [
      ['NetworkNamespacePath=/run/netns/a'],
      'BindReadOnlyPaths',
      ['/sys'],
      opens('/sys', 'NetworkNamespacePath'),
    ],
    [['PrivateNetwork=no'], 'BindReadOnlyPaths', ['/sys'], undefined],
    [['RootDirectory=/srv/root', 'BindReadOnlyPaths=/etc'], 'BindReadOnlyPaths', ['/etc'], undefined],
    [
      ['BindReadOnlyPaths=/etc'],
      'BindPaths',
      '',
      "it removes the unit's own mounts, read-only ones included",
    ],
    [
      ['TemporaryFileSystem=/var:ro'],
      'BindReadOnlyPaths',
      ['/var/lib'],
      opens('/var/lib', 'TemporaryFileSystem'),
    ],
    [['RootDirectory=/srv/root/'], 'RootDirectory', '/srv/root', undefined],
    [['RootDirectory=/srv/root'], 'RootDirectory', '/srv', "it replaces the unit's own '/srv/root'"],
    [['RootDirectory=/srv/root'], 'RootDirectory', '', "it removes the unit's own '/srv/root'"],
    [
      ['PrivateNetwork=yes'],
      'NetworkNamespacePath',
      '/run/netns/a',
      "it replaces the unit's own 'PrivateNetwork'",
    ],
    [[], 'NetworkNamespacePath', '/run/netns/a', undefined],
  ]);

  loosensBy('a limit of the own may be lowered, not raised', [
    [
      ['IOReadBandwidthMax=/dev/sda 1M'],
      'IOReadBandwidthMax',
      ['/dev/sda 2M'],
      "the unit's own limit for '/dev/sda' is lower",
    ],
    [['IOReadBandwidthMax=/dev/sda 1M'], 'IOReadBandwidthMax', ['/dev/sdb 2M', '/dev/sda 1K'], undefined],
    [
      ['IOReadBandwidthMax=/dev/sda 1 M'],
      'IOReadBandwidthMax',
      ['/dev/sda 1K'],
      "the unit's own limit for '/dev/sda' is lower",
    ],
    [['IOReadBandwidthMax=/dev/sda 1M'], 'IOReadBandwidthMax', '', "it removes the unit's own limits"],
  ]);

  loosensBy('exceptions count only where the unit denies', [
    [[], 'DeviceAllow', ['/dev/sda'], undefined],
    [['DeviceAllow=/dev/sda r'], 'DeviceAllow', ['/dev/sda rw'], "the unit doesn't allow '/dev/sda rw'"],
    [['DeviceAllow=/dev/sda r', 'DeviceAllow=/dev/sda w'], 'DeviceAllow', ['/dev/sda rw'], undefined],
    [['DevicePolicy=closed'], 'DeviceAllow', ['/dev/sda r'], "the unit doesn't allow '/dev/sda r'"],
    [['DevicePolicy=closed'], 'DeviceAllow', ['/dev/null rw'], undefined],
    [['DevicePolicy=strict'], 'DeviceAllow', ['/dev/null rw'], "the unit doesn't allow '/dev/null rw'"],
    [['PrivateDevices=yes'], 'DeviceAllow', ['char-rtc r'], "the unit doesn't allow 'char-rtc r'"],
    [['DeviceAllow=/dev/sda'], 'DeviceAllow', '', 'an empty list allows all devices'],
    [['DeviceAllow=/dev/sda', 'DevicePolicy=closed'], 'DeviceAllow', '', undefined],
  ]);

  readBack([
    [
      'DeviceAllow',
      ['', '/dev/null r'],
      {
        DeviceAllow: [
          ['/dev/null', 'r'],
          ['char-rtc', 'r'],
        ],
      },
      true,
    ],
    [
      'DeviceAllow',
      ['', '/dev/null r'],
      {
        DeviceAllow: [
          ['/dev/null', 'r'],
          ['/dev/mem', 'r'],
        ],
      },
      false,
    ],
    ['DeviceAllow', ['', '/dev/null rw'], { DeviceAllow: [['/dev/null', 'r']] }, false],
    // With a reset the whole list is ours, without one it comes on top of the unit's own.
    ['ReadWritePaths', ['', '/a'], { ReadWritePaths: ['/a', '/b'] }, false],
    ['ReadWritePaths', ['', '/a', '/b'], { ReadWritePaths: ['/b', '/a'] }, true],
    ['ReadWritePaths', ['', '/a /%n'], { ReadWritePaths: ['/a', '/b'] }, true],
    ['ReadWritePaths', [''], { ReadWritePaths: ['/a'] }, false],
    ['ReadOnlyPaths', ['/a'], { ReadOnlyPaths: ['/b', '/a'] }, true],
    ['ReadOnlyPaths', ['/a'], { ReadOnlyPaths: ['/b'] }, false],
    ['ReadOnlyPaths', ['/a'], { ReadOnlyPaths: ['-/a'] }, false],
    ['LoadCredential', ['a:/1', 'a:/2'], { LoadCredential: [['a', '/2']] }, true],
    ['LoadCredential', ['a:/1'], { LoadCredential: [['a', '/2']] }, false],
  ]);

  writes([
    ['ReadWritePaths', [['-/a', '+/b c']], { ReadWritePaths: ['-/a', '+/b c'] }],
    ['ReadWritePaths', [['/%i']], undefined],
    ['ReadWritePaths', [['/100%%']], { ReadWritePaths: ['/100%'] }],
    ['ExecSearchPath', ['/a:/b'], { ExecSearchPath: ['/a', '/b'] }],
    // 16384 is MS_REC.
    [
      'BindPaths',
      [['-/a:/b:norbind', '/c']],
      {
        BindPaths: [
          ['/a', '/b', true, 0],
          ['/c', '/c', false, 16384],
        ],
      },
    ],
    [
      'TemporaryFileSystem',
      [['/a:ro', '/b']],
      {
        TemporaryFileSystem: [
          ['/a', 'ro'],
          ['/b', ''],
        ],
      },
    ],
    ['StateDirectory', [['web', 'a:b']], { StateDirectory: ['web'], StateDirectorySymlink: [['a', 'b', 0]] }],
    ['ConfigurationDirectory', [['a', 'b']], { ConfigurationDirectory: ['a', 'b'] }],
    [
      'DeviceAllow',
      [['/dev/null rw', 'char-pts']],
      {
        DeviceAllow: [
          ['/dev/null', 'rw'],
          ['char-pts', 'rwm'],
        ],
      },
    ],
    ['IOReadBandwidthMax', [['/dev/sda 1M']], { IOReadBandwidthMax: [['/dev/sda', 1_000_000n]] }],
    ['IODeviceWeight', [['/dev/sda 100']], { IODeviceWeight: [['/dev/sda', 100]] }],
    ['LoadCredential', ['a:/b'], { LoadCredential: [['a', '/b']] }],
    ['SetCredential', ['a:b\\n\n'], { SetCredential: [['a', [...Buffer.from('b\\n\n')]]] }],
    ['ImportCredential', ['a*:b'], { ImportCredentialEx: [['a*', 'b']] }],
    ['RootImage', ['/a'], { RootImage: '/a' }],
    [
      'RootImageOptions',
      ['root:ro home:nodev'],
      {
        RootImageOptions: [
          ['root', 'ro'],
          ['home', 'nodev'],
        ],
      },
    ],
    ['MountImages', [['/a:/b']], { MountImages: [['/a', '/b', false, []]] }],
    ['ExtensionImages', [['-/a:root:ro']], { ExtensionImages: [['/a', true, [['root', 'ro']]]] }],
    ['RootImagePolicy', ['root=verity'], { RootImagePolicy: 'root=verity' }],
    ['RootHash', ['f0'.repeat(16)], { RootHash: new Array(16).fill(0xf0) }],
    ['RootHash', ['/a'], { RootHashPath: '/a' }],
    ['RootHashSignature', ['base64:aGk='], { RootHashSignature: [...Buffer.from('hi')] }],
    ['OpenFile', ['/a:b:read-only'], { OpenFile: [['/a', 'b', 1n]] }],
    ['WorkingDirectory', ['-~'], { WorkingDirectory: '-~' }],
  ]);
});
