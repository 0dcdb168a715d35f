import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emitted } from '../../../src/directives/against-unit.js';
import { formatDirective, isFormatted } from '../../../src/directives/format.js';
import { DIRECTIVES, findDirective } from '../../../src/directives/table.js';
import { isLoaded } from '../../../src/verify/manager/loaded-values.js';
import { READINGS } from '../../systemd/directive-readings.js';

const AT = { file: 'policy.toml', line: 1, column: 1 };

function written(name: string, value: unknown): readonly string[] {
  const row = findDirective(name)!;
  const formatted = formatDirective(row, value, AT);
  assert.ok(isFormatted(formatted), name);
  return emitted(row, [], formatted.values);
}

test('each example is in what the bus says of it', () => {
  const get = (property: string) => READINGS.get(property);
  for (const row of DIRECTIVES) {
    assert.ok(READINGS.has(row.bus.property), `${row.name}: no reading`);
    assert.ok(isLoaded(row, written(row.name, row.example), get), row.name);
  }
});

/** A directive, the drop-in's assignments, what the manager has, and whether that is it. */
const CASES: readonly [string, readonly string[], Readonly<Record<string, unknown>>, boolean][] = [
  ['MemoryMax', ['infinity'], { MemoryMax: 2n ** 64n - 1n }, true],
  ['MemoryMax', ['1G'], { MemoryMax: 2n ** 64n - 1n }, false],
  ['MemoryMax', ['50%'], { MemoryMax: 1234n }, true],
  ['Nice', [''], { Nice: 5 }, true],
  ['User', ['%i'], { User: 'a' }, true],
  ['User', ['a'], { User: 'b' }, false],
  ['User', ['a'], {}, true],
  ['SELinuxContext', ['-a%%b'], { SELinuxContext: [true, 'a%b'] }, true],
  ['PrivateTmp', ['disconnected'], { PrivateTmp: true, PrivateTmpEx: 'connected' }, false],
  ['PrivateTmp', ['yes'], { PrivateTmp: true }, true],
  // What another directive implies.
  ['ProtectSystem', ['no'], { ProtectSystem: 'strict', DynamicUser: true }, true],
  ['ProtectSystem', ['no'], { ProtectSystem: 'strict', DynamicUser: false }, false],
  ['ProtectSystem', ['full'], { ProtectSystem: 'no', DynamicUser: true }, false],
  ['DevicePolicy', ['auto'], { DevicePolicy: 'closed', PrivateDevices: true }, true],
  ['CapabilityBoundingSet', ['', 'CAP_SYSLOG CAP_KILL'], { CapabilityBoundingSet: 32n }, false],
  [
    'CapabilityBoundingSet',
    ['', 'CAP_SYSLOG CAP_KILL'],
    { CapabilityBoundingSet: 32n, ProtectKernelLogs: true },
    true,
  ],
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
  ['IPAddressDeny', ['10.0.0.0/8'], { IPAddressDeny: [[2, Uint8Array.of(0, 0, 0, 0), 0]] }, true],
  ['IPAddressAllow', ['', '10.0.0.0/8'], { IPAddressAllow: [[2, Uint8Array.of(0, 0, 0, 0), 0]] }, false],
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
  ['RestrictFileSystems', ['', 'ext4 @temporary'], { RestrictFileSystems: [true, ['ext4', 'tmpfs']] }, true],
  ['RestrictFileSystems', ['', 'ext4 @temporary'], { RestrictFileSystems: [true, ['tmpfs']] }, false],
  ['RestrictNetworkInterfaces', ['', 'lo'], { RestrictNetworkInterfaces: [true, []] }, false],
  ['RestrictNamespaces', ['yes'], { RestrictNamespaces: 2n ** 64n - 1n }, false],
  ['RestrictNamespaces', ['no'], { RestrictNamespaces: 2n ** 64n - 1n }, true],
  ['CapabilityBoundingSet', ['~CAP_KILL'], { CapabilityBoundingSet: 2n ** 64n - 1n - 32n }, true],
  ['CapabilityBoundingSet', ['~CAP_KILL'], { CapabilityBoundingSet: 2n ** 64n - 1n }, false],
];

for (const [name, values, properties, wanted] of CASES) {
  test(`${name}=${values.join('|')} ${wanted ? 'is' : "isn't"} in ${show(properties)}`, () => {
    assert.equal(
      isLoaded(findDirective(name)!, values, (property) => properties[property]),
      wanted,
    );
  });
}

function show(properties: unknown): string {
  return JSON.stringify(properties, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
