import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emitted, loosens } from '../../src/directives/against-unit.js';
import { formatDirective } from '../../src/directives/format.js';
import { DIRECTIVES, findDirective } from '../../src/directives/table.js';

const AT = { file: 'policy.toml', line: 1, column: 1 };

function format(name: string, value: unknown): readonly string[] {
  const result = formatDirective(findDirective(name)!, value, AT);
  assert.ok(!Array.isArray(result), `${name}: ${JSON.stringify(result)}`);
  return result.values;
}

/** What the unit sets, `Name=value` each. */
function unitOf(lines: readonly string[]): Map<string, string[]> {
  const unit = new Map<string, string[]>();
  for (const line of lines) {
    const [name = '', ...value] = line.split('=');
    unit.set(name, [...(unit.get(name) ?? []), value.join('=')]);
  }
  return unit;
}

function reasonOf(lines: readonly string[], name: string, value: unknown): string | undefined {
  const unit = unitOf(lines);
  return loosens(findDirective(name)!, unit.get(name) ?? [], format(name, value), unit)?.reason;
}

type Case = readonly [lines: readonly string[], name: string, value: unknown, reason: string | undefined];

const check = (cases: readonly Case[]) => {
  for (const [lines, name, value, reason] of cases) {
    assert.equal(
      reasonOf(lines, name, value),
      reason,
      `${lines.join(' ')} + ${name} = ${JSON.stringify(value)}`,
    );
  }
};

const stricter = (own: string, asked: string) => `the unit has '${own}', which is stricter than '${asked}'`;

test('a weaker word loosens, a stricter or the same does not', () => {
  check([
    [['ProtectSystem=strict'], 'ProtectSystem', 'full', stricter('strict', 'full')],
    [['ProtectSystem=full'], 'ProtectSystem', 'strict', undefined],
    [[], 'ProtectSystem', false, undefined],
    [['ProtectSystem=TRUE'], 'ProtectSystem', false, stricter('yes', 'no')],
    [
      ['ProtectSystem=full', 'ProtectSystem=nonsense', 'ProtectSystem='],
      'ProtectSystem',
      true,
      stricter('full', 'yes'),
    ],
    [['ProtectSystem=strict', 'ProtectSystem=no'], 'ProtectSystem', true, undefined],
    [['NoNewPrivileges=1'], 'NoNewPrivileges', false, stricter('yes', 'no')],
    [['PrivateTmp=yes'], 'PrivateTmp', false, stricter('yes', 'no')],
    [['PrivateTmp=disconnected'], 'PrivateTmp', true, stricter('disconnected', 'yes')],
    [['PrivateTmp=connected'], 'PrivateTmp', true, undefined],
    [['PrivateUsers=self'], 'PrivateUsers', 'identity', stricter('yes', 'identity')],
    [['PrivateUsers=__proto__'], 'PrivateUsers', false, undefined],
    [['ProtectHome=yes'], 'ProtectHome', 'tmpfs', undefined],
    [['ProtectHome=tmpfs'], 'ProtectHome', 'read-only', stricter('tmpfs', 'read-only')],
    [['ProtectControlGroups=yes'], 'ProtectControlGroups', 'private', stricter('yes', 'private')],
    [['ProtectControlGroups=private'], 'ProtectControlGroups', true, stricter('private', 'yes')],
    [['ProtectControlGroups=yes'], 'ProtectControlGroups', 'strict', undefined],
    [['ProtectHostname=yes'], 'ProtectHostname', 'private:a', stricter('yes', 'private')],
    [['ProtectHostname=private:b'], 'ProtectHostname', 'private:a', undefined],
    [[], 'KeyringMode', 'inherit', stricter('private', 'inherit')],
    [['DevicePolicy=strict'], 'DevicePolicy', 'closed', stricter('strict', 'closed')],
    [[], 'MemoryKSM', true, stricter('no', 'yes')],
  ]);
});

test('capabilities may be dropped, not gained', () => {
  check([
    [[], 'CapabilityBoundingSet', ['CAP_SYS_ADMIN'], undefined],
    [['CapabilityBoundingSet=CAP_CHOWN CAP_KILL'], 'CapabilityBoundingSet', ['CAP_KILL'], undefined],
    [
      ['CapabilityBoundingSet=CAP_CHOWN'],
      'CapabilityBoundingSet',
      ['CAP_CHOWN', 'CAP_KILL'],
      "the unit doesn't have 'CAP_KILL'",
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
      "the unit doesn't have 'CAP_SYS_ADMIN'",
    ],
    [
      ['CapabilityBoundingSet=~21'],
      'CapabilityBoundingSet',
      ['CAP_SYS_ADMIN'],
      "the unit doesn't have 'CAP_SYS_ADMIN'",
    ],
    [['CapabilityBoundingSet=CAP_CHOWN'], 'CapabilityBoundingSet', ['~CAP_KILL'], undefined],
    [['CapabilityBoundingSet='], 'CapabilityBoundingSet', ['CAP_KILL'], "the unit doesn't have 'CAP_KILL'"],
    [['CapabilityBoundingSet=CAP_KILL'], 'CapabilityBoundingSet', [], undefined],
    [
      ['CapabilityBoundingSet=CAP_KILL', 'CapabilityBoundingSet=~'],
      'CapabilityBoundingSet',
      ['CAP_CHOWN'],
      undefined,
    ],
    [[], 'AmbientCapabilities', ['CAP_KILL'], undefined],
    [['User=web'], 'AmbientCapabilities', ['CAP_KILL'], "the unit doesn't have 'CAP_KILL'"],
    [['User=web', 'AmbientCapabilities=CAP_KILL'], 'AmbientCapabilities', ['CAP_KILL'], undefined],
    [['User=0'], 'AmbientCapabilities', ['CAP_KILL'], undefined],
    [['DynamicUser=yes', 'User=root'], 'AmbientCapabilities', ['CAP_KILL'], undefined],
    [['DynamicUser=yes'], 'AmbientCapabilities', ['CAP_KILL'], "the unit doesn't have 'CAP_KILL'"],
    [
      ['CapabilityBoundingSet=CAP_CHOWN'],
      'AmbientCapabilities',
      ['CAP_KILL'],
      "the unit doesn't have 'CAP_KILL'",
    ],
    [['SecureBits=noroot'], 'SecureBits', '', "the unit has 'noroot'"],
    [[], 'SecureBits', ['keep-caps'], "the unit doesn't have 'keep-caps'"],
    [[], 'SecureBits', ['noroot'], undefined],
  ]);
});

test('lists of families, namespaces, file systems and interfaces may shrink, not grow', () => {
  const more = "the unit doesn't have all but what is listed";
  check([
    [['RestrictAddressFamilies=AF_UNIX AF_INET'], 'RestrictAddressFamilies', ['AF_LOCAL'], undefined],
    [
      ['RestrictAddressFamilies=AF_UNIX'],
      'RestrictAddressFamilies',
      ['AF_INET'],
      "the unit doesn't have 'AF_INET'",
    ],
    [['RestrictAddressFamilies=~AF_UNIX'], 'RestrictAddressFamilies', ['AF_INET'], undefined],
    [
      ['RestrictAddressFamilies=~AF_UNIX'],
      'RestrictAddressFamilies',
      ['AF_UNIX'],
      "the unit doesn't have 'AF_UNIX'",
    ],
    [
      ['RestrictAddressFamilies=none'],
      'RestrictAddressFamilies',
      ['AF_UNIX'],
      "the unit doesn't have 'AF_UNIX'",
    ],
    [['RestrictAddressFamilies=none'], 'RestrictAddressFamilies', ['~AF_UNIX'], undefined],
    [['RestrictAddressFamilies=AF_UNIX'], 'RestrictAddressFamilies', '', more],
    [['RestrictAddressFamilies=~AF_UNIX'], 'RestrictAddressFamilies', '', "the unit doesn't have 'AF_UNIX'"],
    [['RestrictNamespaces=yes'], 'RestrictNamespaces', ['net'], "the unit doesn't have 'net'"],
    [['RestrictNamespaces=yes'], 'RestrictNamespaces', ['~net'], undefined],
    [['RestrictNamespaces=net mnt'], 'RestrictNamespaces', ['net'], undefined],
    [['RestrictNamespaces=~user'], 'RestrictNamespaces', false, "the unit doesn't have 'user'"],
    [
      ['RestrictNamespaces=on', 'RestrictNamespaces=bogus'],
      'RestrictNamespaces',
      ['pid'],
      "the unit doesn't have 'pid'",
    ],
    [[], 'DelegateNamespaces', ['net'], "the unit doesn't have 'net'"],
    [['DelegateNamespaces=yes'], 'DelegateNamespaces', ['net'], undefined],
    [['RestrictFileSystems=ext4'], 'RestrictFileSystems', ['@known'], "the unit doesn't have '@known'"],
    [['RestrictNetworkInterfaces=lo eth0'], 'RestrictNetworkInterfaces', ['~eth0'], undefined],
    // An empty list of interfaces restricts nothing.
    [['RestrictNetworkInterfaces=lo'], 'RestrictNetworkInterfaces', ['~lo'], more],
  ]);
});

test('who is not root stays who he is', () => {
  const other = (name: string) => `the unit runs as another, and '${name}' isn't known to have fewer rights`;
  check([
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
    [['User=web'], 'SupplementaryGroups', ['shadow'], "the unit isn't in 'shadow'"],
    [['User=web', 'SupplementaryGroups=a b'], 'SupplementaryGroups', ['b'], undefined],
    [[], 'SupplementaryGroups', ['shadow'], undefined],
    [['UMask=0077'], 'UMask', '0027', "new files get rights that '0077' takes away"],
    [['UMask=0027'], 'UMask', '0077', undefined],
    [[], 'UMask', '0002', "new files get rights that '0022' takes away"],
    [['StateDirectoryMode=0700'], 'StateDirectoryMode', '0750', "it gives rights that '0700' doesn't"],
    [[], 'StateDirectoryMode', '0700', undefined],
  ]);
});

test('paths may not open what another directive of the unit closes', () => {
  const opens = (path: string, by: string) => `it opens '${path}', which the unit's '${by}' closes`;
  check([
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
      opens('/srv', 'ProtectSystem'),
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
    [[], 'ExecPaths', ['/usr/bin/x'], undefined],
    [['InaccessiblePaths=/a'], 'InaccessiblePaths', ['/b'], undefined],
    [['InaccessiblePaths=/a'], 'InaccessiblePaths', '', "it takes the unit's own entries back"],
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
    [['RootDirectory=/srv/root'], 'BindReadOnlyPaths', ['/etc'], opens('/etc', 'RootDirectory')],
    [['RootDirectory=/srv/root', 'BindReadOnlyPaths=/etc'], 'BindReadOnlyPaths', ['/etc'], undefined],
    [
      ['BindReadOnlyPaths=/etc'],
      'BindPaths',
      '',
      "it takes the unit's own mounts back, read-only ones included",
    ],
    [
      ['TemporaryFileSystem=/var:ro'],
      'BindReadOnlyPaths',
      ['/var/lib'],
      opens('/var/lib', 'TemporaryFileSystem'),
    ],
    [['RootDirectory=/srv/root/'], 'RootDirectory', '/srv/root', undefined],
    [
      ['RootDirectory=/srv/root'],
      'RootDirectory',
      '/srv',
      "it takes the place of the unit's own '/srv/root'",
    ],
    [['RootDirectory=/srv/root'], 'RootDirectory', '', "it takes the unit's own '/srv/root' back"],
    [['AppArmorProfile=web'], 'AppArmorProfile', '-web', "it takes the place of the unit's own 'web'"],
    [['AppArmorProfile=-web'], 'AppArmorProfile', 'web', undefined],
    [
      ['PrivateNetwork=yes'],
      'NetworkNamespacePath',
      '/run/netns/a',
      "it takes the place of the unit's own 'PrivateNetwork'",
    ],
    [[], 'NetworkNamespacePath', '/run/netns/a', undefined],
  ]);
});

test('a limit of the own may be lowered, not raised', () => {
  const limit = (text: string) => `the unit's own limit is '${text}'`;
  check([
    [[], 'MemoryMax', '1G', undefined],
    [['MemoryMax=1G'], 'MemoryMax', '512M', undefined],
    [['MemoryMax=1G'], 'MemoryMax', 1073741824, undefined],
    [['MemoryMax=1G'], 'MemoryMax', '1.1G', limit('1G')],
    [['MemoryMax=1G'], 'MemoryMax', 'infinity', limit('1G')],
    [['MemoryMax=1G'], 'MemoryMax', '', limit('1G')],
    [['MemoryMax=1G'], 'MemoryMax', '10%', "it can't be compared with the unit's own '1G'"],
    [['MemoryMax=10%'], 'MemoryMax', 'infinity', limit('10%')],
    [['MemoryMax=1 G'], 'MemoryMax', '1M', "it can't be compared with the unit's own '1 G'"],
    [['MemoryMax=1G', 'MemoryMax='], 'MemoryMax', 'infinity', undefined],
    [['MemoryMax=infinity'], 'MemoryMax', '5%', undefined],
    [['MemoryLow=1G'], 'MemoryLow', '2G', undefined],
    [['TasksMax=10'], 'TasksMax', 11, limit('10')],
    [['CPUQuota=50%'], 'CPUQuota', '60%', limit('50%')],
    [['LimitNOFILE=1024:2048'], 'LimitNOFILE', '1024:4096', limit('1024:2048')],
    [['LimitNOFILE=1024:2048'], 'LimitNOFILE', '512', undefined],
    [['LimitCPU=1min'], 'LimitCPU', '61', limit('1min')],
    [['LimitNICE=+5'], 'LimitNICE', '-5', limit('+5')],
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
    [['IOReadBandwidthMax=/dev/sda 1M'], 'IOReadBandwidthMax', '', "it takes the unit's own limits back"],
  ]);
});

test('exceptions count only where the unit denies', () => {
  check([
    [[], 'IPAddressAllow', ['any'], undefined],
    [['IPAddressDeny=any'], 'IPAddressAllow', ['localhost'], "the unit's 'IPAddressDeny' denies 'localhost'"],
    [['IPAddressDeny=any', 'IPAddressAllow=127.0.0.0/8'], 'IPAddressAllow', ['127.0.0.1'], undefined],
    [
      ['IPAddressDeny=any', 'IPAddressAllow=10.0.0.0/9'],
      'IPAddressAllow',
      ['10.127.0.0/16', '10.128.0.0/16'],
      "the unit's 'IPAddressDeny' denies '10.128.0.0/16'",
    ],
    [
      ['IPAddressDeny=any', 'IPAddressAllow=10.0.0.0/8'],
      'IPAddressAllow',
      ['10.0.0.0/7'],
      "the unit's 'IPAddressDeny' denies '10.0.0.0/7'",
    ],
    [['IPAddressDeny=any'], 'IPAddressDeny', '', "it takes the unit's own entries back"],
    [['SocketBindDeny=any'], 'SocketBindAllow', [443], "the unit's 'SocketBindDeny' denies '443'"],
    [['SocketBindDeny=any', 'SocketBindAllow=1-1023'], 'SocketBindAllow', ['tcp:443'], undefined],
    [
      ['SocketBindDeny=any', 'SocketBindAllow=tcp:1-1023'],
      'SocketBindAllow',
      ['443'],
      "the unit's 'SocketBindDeny' denies '443'",
    ],
    [[], 'DeviceAllow', ['/dev/sda'], undefined],
    [['DeviceAllow=/dev/sda r'], 'DeviceAllow', ['/dev/sda rw'], "the unit doesn't allow '/dev/sda rw'"],
    [['DeviceAllow=/dev/sda r', 'DeviceAllow=/dev/sda w'], 'DeviceAllow', ['/dev/sda rw'], undefined],
    [['DevicePolicy=closed'], 'DeviceAllow', ['/dev/sda r'], "the unit doesn't allow '/dev/sda r'"],
    [['DevicePolicy=closed'], 'DeviceAllow', ['/dev/null rw'], undefined],
    [['DevicePolicy=strict'], 'DeviceAllow', ['/dev/null rw'], "the unit doesn't allow '/dev/null rw'"],
    [['PrivateDevices=yes'], 'DeviceAllow', ['char-rtc r'], "the unit doesn't allow 'char-rtc r'"],
    [['DeviceAllow=/dev/sda'], 'DeviceAllow', '', 'without an entry all devices are allowed'],
    [['DeviceAllow=/dev/sda', 'DevicePolicy=closed'], 'DeviceAllow', '', undefined],
    [[], 'Delegate', true, "the unit's control group isn't delegated"],
    [['Delegate=yes'], 'Delegate', ['cpu'], undefined],
    [['Delegate=cpu'], 'Delegate', ['cpu', 'io'], "the unit doesn't delegate 'io'"],
    [['Delegate=cpu'], 'Delegate', true, "the unit doesn't delegate 'true'"],
    [['Delegate=cpu'], 'Delegate', false, undefined],
    [
      ['BPFDelegateMaps=BPFMapTypeHash'],
      'BPFDelegateMaps',
      ['BPFMapTypeArray'],
      "the unit doesn't delegate 'BPFMapTypeArray'",
    ],
    [['BPFDelegateMaps=any'], 'BPFDelegateMaps', ['BPFMapTypeArray'], undefined],
    [['Nice=5'], 'Nice', -5, undefined],
  ]);
});

test('a drop-in repeats, adds to or takes from what the unit has', () => {
  const cases: readonly (readonly [string, readonly string[], unknown, readonly string[]])[] = [
    ['ProtectSystem', ['strict'], 'full', ['full']],
    ['InaccessiblePaths', ['/a'], ['/b'], ['/b']],
    ['InaccessiblePaths', ['/a'], '', ['']],
    ['BindPaths', ['/a'], ['/b'], ['/b']],
    ['ReadWritePaths', [], ['/b'], ['', '/b']],
    ['Delegate', ['cpu'], ['io'], ['no', 'io']],
    ['Delegate', ['cpu'], false, ['no']],
    ['CapabilityBoundingSet', ['CAP_CHOWN'], ['CAP_CHOWN'], ['', 'CAP_CHOWN']],
    ['CapabilityBoundingSet', ['CAP_CHOWN'], ['~CAP_CHOWN'], ['~CAP_CHOWN']],
    ['CapabilityBoundingSet', ['CAP_CHOWN'], [], ['']],
    ['CapabilityBoundingSet', ['CAP_CHOWN'], '~', ['~']],
    ['RestrictNamespaces', ['net'], true, ['yes']],
    ['RestrictAddressFamilies', ['none'], ['~AF_UNIX'], ['none']],
    ['RestrictAddressFamilies', ['AF_UNIX', '~AF_UNIX'], ['~AF_INET'], ['none']],
    ['RestrictAddressFamilies', ['AF_UNIX'], ['~AF_INET'], ['~AF_INET']],
    ['SocketBindAllow', ['80'], [443, 8443], ['', '443', '8443']],
  ];
  for (const [name, before, value, values] of cases) {
    assert.deepEqual(emitted(findDirective(name)!, before, format(name, value)), values, name);
  }
});

test('what the unit has already never loosens it', () => {
  for (const row of DIRECTIVES) {
    const values = format(row.name, row.example);
    const unit = new Map([[row.name, values]]);
    assert.equal(loosens(row, values, values, unit), undefined, row.name);
  }
});

/** Families with one bit each, one more bit for all others, and systemd's own way of joining lines once more. */
const FAMILIES = ['AF_UNIX', 'AF_INET', 'AF_INET6', 'AF_NETLINK'];

function allowed(lines: readonly string[]): number {
  let mode: 'unset' | 'allow' | 'deny' = 'unset';
  let listed = false;
  let mask = 0;
  for (const line of lines) {
    if (line === '' || line === 'none') {
      mask = 0;
      listed = false;
      mode = line === '' ? 'unset' : 'allow';
      continue;
    }
    const deny = line.startsWith('~');
    const bits = line
      .replace('~', '')
      .split(' ')
      .reduce((sum, name) => sum | (1 << FAMILIES.indexOf(name)), 0);
    if (!listed) mode = deny ? 'deny' : 'allow';
    listed = true;
    mask = deny === (mode === 'deny') ? mask | bits : mask & ~bits;
  }
  return mode === 'allow' ? mask : ~mask & 31;
}

test('whatever the lists of families, the outcome lets through no more than the unit unless it is named', () => {
  const names = fc.uniqueArray(fc.constantFrom(...FAMILIES), { minLength: 1 }).map((list) => list.join(' '));
  const line = fc.oneof(
    names,
    names.map((list) => `~${list}`),
    fc.constantFrom('', 'none'),
  );
  const row = findDirective('RestrictAddressFamilies')!;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), line, (before, asked) => {
      const outcome = allowed([...before, ...emitted(row, before, [asked])]);
      const own = allowed(before);
      const gains = (outcome & ~own) !== 0;
      assert.equal(loosens(row, before, [asked], new Map()) !== undefined, gains);
      if (asked.startsWith('~')) assert.equal(outcome, own & allowed([asked]));
      else assert.equal(outcome, allowed([asked]));
    }),
    { numRuns: 3000 },
  );
});
