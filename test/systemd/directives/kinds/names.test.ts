/** Tests of all of systemd/directives/kinds/names/: words and names. */
import { describe } from 'node:test';
import { BAD } from '../../../support/bad-values.js';
import { loosensBy, readBack, refuses, writes } from '../../../support/directive-cases.js';

describe('names', () => {
  refuses(BAD.names);

  loosensBy('capabilities may be dropped, not gained', [
    [[], 'CapabilityBoundingSet', ['CAP_SYS_ADMIN'], undefined],
    [['CapabilityBoundingSet=CAP_CHOWN CAP_KILL'], 'CapabilityBoundingSet', ['CAP_KILL'], undefined],
    [
      ['CapabilityBoundingSet=CAP_CHOWN'],
      'CapabilityBoundingSet',
      ['CAP_CHOWN', 'CAP_KILL'],
      "it adds 'CAP_KILL'",
    ],
    [
      ['CapabilityBoundingSet=CAP_CHOWN', 'CapabilityBoundingSet=cap_kill'],
      'CapabilityBoundingSet',
      ['CAP_KILL'],
      undefined,
    ],
    [
      ['CapabilityBoundingSet=~CAP_SYS_ADMIN'],
      'CapabilityBoundingSet',
      ['CAP_SYS_ADMIN'],
      "it adds 'CAP_SYS_ADMIN'",
    ],
    [['CapabilityBoundingSet=~21'], 'CapabilityBoundingSet', ['CAP_SYS_ADMIN'], "it adds 'CAP_SYS_ADMIN'"],
    [['CapabilityBoundingSet=CAP_CHOWN'], 'CapabilityBoundingSet', ['~CAP_KILL'], undefined],
    [['CapabilityBoundingSet='], 'CapabilityBoundingSet', ['CAP_KILL'], "it adds 'CAP_KILL'"],
    [['CapabilityBoundingSet=CAP_KILL'], 'CapabilityBoundingSet', [], undefined],
    [
      ['CapabilityBoundingSet=CAP_KILL', 'CapabilityBoundingSet=~'],
      'CapabilityBoundingSet',
      ['CAP_CHOWN'],
      undefined,
    ],
    [[], 'AmbientCapabilities', ['CAP_KILL'], undefined],
    [['User=web'], 'AmbientCapabilities', ['CAP_KILL'], "it adds 'CAP_KILL'"],
    [['User=web', 'AmbientCapabilities=CAP_KILL'], 'AmbientCapabilities', ['CAP_KILL'], undefined],
    [['User=0'], 'AmbientCapabilities', ['CAP_KILL'], undefined],
    [['DynamicUser=yes', 'User=root'], 'AmbientCapabilities', ['CAP_KILL'], undefined],
    [['DynamicUser=yes'], 'AmbientCapabilities', ['CAP_KILL'], "it adds 'CAP_KILL'"],
    [['CapabilityBoundingSet=CAP_CHOWN'], 'AmbientCapabilities', ['CAP_KILL'], "it adds 'CAP_KILL'"],
    [['SecureBits=noroot'], 'SecureBits', '', "it drops 'noroot'"],
    [[], 'SecureBits', ['keep-caps'], "it adds 'keep-caps'"],
    [[], 'SecureBits', ['noroot'], undefined],
  ]);

  const more = 'it adds everything that it does not list';

  loosensBy('lists of families, namespaces, file systems and interfaces may shrink, not grow', [
    [['RestrictAddressFamilies=AF_UNIX AF_INET'], 'RestrictAddressFamilies', ['AF_LOCAL'], undefined],
    [['RestrictAddressFamilies=AF_UNIX'], 'RestrictAddressFamilies', ['AF_INET'], "it adds 'AF_INET'"],
    [['RestrictAddressFamilies=~AF_UNIX'], 'RestrictAddressFamilies', ['AF_INET'], undefined],
    [['RestrictAddressFamilies=~AF_UNIX'], 'RestrictAddressFamilies', ['AF_UNIX'], "it adds 'AF_UNIX'"],
    [['RestrictAddressFamilies=none'], 'RestrictAddressFamilies', ['AF_UNIX'], "it adds 'AF_UNIX'"],
    [['RestrictAddressFamilies=none'], 'RestrictAddressFamilies', ['~AF_UNIX'], undefined],
    [['RestrictAddressFamilies=AF_UNIX'], 'RestrictAddressFamilies', '', more],
    [['RestrictAddressFamilies=~AF_UNIX'], 'RestrictAddressFamilies', '', "it adds 'AF_UNIX'"],
    [['RestrictNamespaces=yes'], 'RestrictNamespaces', ['net'], "it adds 'net'"],
    [['RestrictNamespaces=yes'], 'RestrictNamespaces', ['~net'], undefined],
    [['RestrictNamespaces=net mnt'], 'RestrictNamespaces', ['net'], undefined],
    [['RestrictNamespaces=~user'], 'RestrictNamespaces', false, "it adds 'user'"],
    [['RestrictNamespaces=on', 'RestrictNamespaces=bogus'], 'RestrictNamespaces', ['pid'], "it adds 'pid'"],
    [[], 'DelegateNamespaces', ['net'], "it adds 'net'"],
    [['DelegateNamespaces=yes'], 'DelegateNamespaces', ['net'], undefined],
    [['RestrictFileSystems=ext4'], 'RestrictFileSystems', ['@known'], "it adds '@known'"],
    [['RestrictNetworkInterfaces=lo eth0'], 'RestrictNetworkInterfaces', ['~eth0'], undefined],
    // An empty list of interfaces restricts nothing.
    [['RestrictNetworkInterfaces=lo'], 'RestrictNetworkInterfaces', ['~lo'], more],
  ]);

  const other = (name: string) => `the unit runs as another user, and '${name}' may have more rights`;

  loosensBy('who is not root stays who he is', [
    [['User=web'], 'User', 'root', "the unit doesn't run as root"],
    [['User=web'], 'User', 0, "the unit doesn't run as root"],
    [['User=web'], 'User', '', "the unit doesn't run as root"],
    [['User=web'], 'User', 'web', undefined],
    [['User=web'], 'User', 'postgres', other('postgres')],
    [['User=root'], 'User', 'web', undefined],
    [[], 'User', 'web', undefined],
    [['DynamicUser=yes'], 'User', 'web', other('web')],
    [['User=web'], 'Group', 'shadow', other('shadow')],
    [[], 'Group', 'shadow', undefined],
    [['User=web'], 'SupplementaryGroups', ['shadow'], "it adds 'shadow'"],
    [['User=web', 'SupplementaryGroups=a b'], 'SupplementaryGroups', ['b'], undefined],
    [[], 'SupplementaryGroups', ['shadow'], undefined],
  ]);

  loosensBy('paths may not open what another directive of the unit closes', [
    [['AppArmorProfile=web'], 'AppArmorProfile', '-web', "it replaces the unit's own 'web'"],
    [['AppArmorProfile=-web'], 'AppArmorProfile', 'web', undefined],
  ]);

  loosensBy('exceptions count only where the unit denies', [
    [[], 'Delegate', true, "the unit's control group isn't delegated"],
    [['Delegate=yes'], 'Delegate', ['cpu'], undefined],
    [['Delegate=cpu'], 'Delegate', ['cpu', 'io'], "the unit doesn't delegate 'io'"],
    [['Delegate=cpu'], 'Delegate', true, "the unit doesn't delegate 'true'"],
    [['Delegate=cpu'], 'Delegate', false, undefined],
  ]);

  readBack([
    ['User', ['%i'], { User: 'a' }, true],
    ['User', ['a'], { User: 'b' }, false],
    ['User', ['a'], {}, true],
    ['SELinuxContext', ['-a%%b'], { SELinuxContext: [true, 'a%b'] }, true],
    ['CapabilityBoundingSet', ['', 'CAP_SYSLOG CAP_KILL'], { CapabilityBoundingSet: 32n }, false],
    ['Delegate', ['yes'], { Delegate: true, DelegateControllers: ['cpu'] }, true],
    ['Delegate', ['no', 'cpu'], { Delegate: true, DelegateControllers: ['cpu', 'io'] }, false],
    ['Delegate', ['no'], { Delegate: true, DelegateControllers: [] }, false],
    // A list with `~` is taken from what the unit has.
    ['RestrictAddressFamilies', ['~AF_LOCAL'], { RestrictAddressFamilies: [false, ['AF_UNIX']] }, true],
    ['RestrictAddressFamilies', ['~AF_UNIX'], { RestrictAddressFamilies: [true, ['AF_INET']] }, true],
    ['RestrictAddressFamilies', ['~AF_INET'], { RestrictAddressFamilies: [true, ['AF_INET']] }, false],
    ['RestrictAddressFamilies', ['~AF_UNIX'], { RestrictAddressFamilies: [false, []] }, false],
    ['RestrictAddressFamilies', ['none'], { RestrictAddressFamilies: [true, []] }, true],
    ['RestrictAddressFamilies', ['none'], { RestrictAddressFamilies: [false, []] }, false],
    [
      'RestrictAddressFamilies',
      ['', 'AF_INET'],
      { RestrictAddressFamilies: [true, ['AF_INET', 'AF_UNIX']] },
      false,
    ],
    [
      'RestrictFileSystems',
      ['', 'ext4 @temporary'],
      { RestrictFileSystems: [true, ['ext4', 'tmpfs']] },
      true,
    ],
    ['RestrictFileSystems', ['', 'ext4 @temporary'], { RestrictFileSystems: [true, ['tmpfs']] }, false],
    ['RestrictNetworkInterfaces', ['', 'lo'], { RestrictNetworkInterfaces: [true, []] }, false],
    ['RestrictNamespaces', ['yes'], { RestrictNamespaces: 2n ** 64n - 1n }, false],
    ['RestrictNamespaces', ['no'], { RestrictNamespaces: 2n ** 64n - 1n }, true],
    ['CapabilityBoundingSet', ['~CAP_KILL'], { CapabilityBoundingSet: 2n ** 64n - 1n - 32n }, true],
    ['CapabilityBoundingSet', ['~CAP_KILL'], { CapabilityBoundingSet: 2n ** 64n - 1n }, false],
  ]);

  writes([
    ['CapabilityBoundingSet', [['CAP_CHOWN', 'CAP_KILL']], { CapabilityBoundingSet: 0x21n }],
    // All but some keeps those that no table knows.
    ['CapabilityBoundingSet', ['~CAP_CHOWN'], { CapabilityBoundingSet: 2n ** 64n - 2n }],
    ['CapabilityBoundingSet', [[]], { CapabilityBoundingSet: 0n }],
    ['AmbientCapabilities', [['CAP_KILL']], { AmbientCapabilities: 0x20n }],
    ['RestrictAddressFamilies', ['~AF_UNIX'], { RestrictAddressFamilies: [false, ['AF_UNIX']] }],
    ['RestrictAddressFamilies', ['none'], { RestrictAddressFamilies: [true, []] }],
    [
      'RestrictAddressFamilies',
      [['AF_UNIX', 'AF_INET']],
      { RestrictAddressFamilies: [true, ['AF_UNIX', 'AF_INET']] },
    ],
    // CLONE_NEW* that stay: none, the network's, all but the users'.
    ['RestrictNamespaces', [true], { RestrictNamespaces: 0n }],
    ['RestrictNamespaces', [['net']], { RestrictNamespaces: 0x40000000n }],
    ['RestrictNamespaces', ['~user'], { RestrictNamespaces: 0x6e020000n }],
    [
      'RestrictFileSystems',
      [['ext4', '@temporary']],
      { RestrictFileSystems: [true, ['ext4', '@temporary']] },
    ],
    ['RestrictNetworkInterfaces', ['~lo'], { RestrictNetworkInterfaces: [false, ['lo']] }],
    ['Delegate', [true], { Delegate: true }],
    ['Delegate', [['cpu', 'io']], { DelegateControllers: ['cpu', 'io'] }],
    ['DisableControllers', [['cpu']], { DisableControllers: ['cpu'] }],
    ['SecureBits', [['noroot', 'noroot-locked']], { SecureBits: 3 }],
    ['User', ['web'], { User: 'web' }],
    ['User', ['%i'], undefined],
    ['SupplementaryGroups', [['a', 'b']], { SupplementaryGroups: ['a', 'b'] }],
    ['SELinuxContext', ['-x'], { SELinuxContext: '-x' }],
    ['AppArmorProfile', ['-a'], { AppArmorProfile: [true, 'a'] }],
    ['KillSignal', ['SIGHUP'], { KillSignal: 1 }],
    ['KillSignal', ['RTMIN+3'], { KillSignal: 37 }],
    ['SuccessExitStatus', ['TEMPFAIL 5 SIGKILL'], { SuccessExitStatus: [[75, 5], [9]] }],
    ['Wants', ['a.service b.socket'], { Wants: ['a.service', 'b.socket'] }],
    ['Documentation', ['man:a(1)'], { Documentation: ['man:a(1)'] }],
  ]);
});
