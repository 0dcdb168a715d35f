/** The directive behind a refusal, on values as the manager has them loaded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directiveCause } from '../../../src/explain/refusals/by-directive.js';
import type { Refusal, RefusedPath } from '../../../src/observe/refusals.js';
import { CAPABILITIES } from '../../../src/systemd/directives/kinds/names/capabilities.js';

const at = { file: 'policy.toml', line: 7, column: 1 };

/** A unit whose manager has these properties; all of them are lines of its policy. */
const unitWith = (properties: Readonly<Record<string, unknown>>) => ({
  get: (name: string) => properties[name],
  policy: { service: Object.keys(properties).map((name) => ({ name, value: '', at, valueAt: at })) },
});

const path = (of: Partial<RefusedPath>): RefusedPath => ({
  ...{
    kind: 'path',
    path: '/srv/uploads/a',
    wish: 'write',
    errno: 30,
    isRoot: false,
    count: 1,
    programs: [],
  },
  ...of,
});

const all = CAPABILITIES.reduce((sum, _, number) => sum | (1n << BigInt(number)), 0n);
const without = (name: string) => all & ~(1n << BigInt(CAPABILITIES.indexOf(name)));

const CASES: readonly (readonly [
  title: string,
  refusal: Refusal,
  unit: Readonly<Record<string, unknown>>,
  what: string | undefined,
  change?: unknown,
])[] = [
  [
    'a write below a read-only root opens the folder of the file',
    path({}),
    { ProtectSystem: 'strict' },
    'ProtectSystem=strict',
    { does: 'add', name: 'ReadWritePaths', word: '/srv/uploads' },
  ],
  [
    'a write into a folder that programs share opens the file alone',
    path({ path: '/etc/passwd' }),
    { ProtectSystem: 'full' },
    'ProtectSystem=full',
    { does: 'add', name: 'ReadWritePaths', word: '/etc/passwd' },
  ],
  [
    'a file that is made opens the folder that it would be in',
    path({ path: '/srv/uploads', wish: 'make or remove' }),
    { ProtectSystem: 'strict' },
    'ProtectSystem=strict',
    { does: 'add', name: 'ReadWritePaths', word: '/srv/uploads' },
  ],
  [
    'the deepest of several directives counts',
    path({ path: '/srv/uploads/a' }),
    { ProtectSystem: 'strict', ReadOnlyPaths: ['/srv'] },
    'ReadOnlyPaths=/srv',
    { does: 'add', name: 'ReadWritePaths', word: '/srv/uploads' },
  ],
  ['a file system that is read-only by itself is no directive', path({ path: '/mnt/cd/a' }), {}, undefined],
  [
    'a path that a line opens was refused by the file system itself',
    path({}),
    { ProtectSystem: 'strict', ReadWritePaths: ['/srv/uploads'] },
    undefined,
  ],
  [
    'ProtectSystem=strict leaves /home to ProtectHome=',
    path({ path: '/home/a' }),
    { ProtectSystem: 'strict' },
    undefined,
  ],
  [
    'a home that is hidden may be shown read-only',
    path({ path: '/home/me/.netrc', wish: 'read', errno: 2 }),
    { ProtectHome: 'yes' },
    'ProtectHome=',
    { does: 'set', name: 'ProtectHome', value: 'read-only' },
  ],
  [
    'a home in which files are to be written is left open',
    path({ path: '/home/me/.cache/x', errno: 30 }),
    { ProtectHome: 'read-only' },
    'ProtectHome=read-only',
    { does: 'leave out', name: 'ProtectHome' },
  ],
  [
    'kernel settings are left open as a whole',
    path({ path: '/proc/sys/net/core/somaxconn' }),
    { ProtectKernelTunables: true },
    'ProtectKernelTunables=',
    { does: 'leave out', name: 'ProtectKernelTunables' },
  ],
  [
    'a program below NoExecPaths= becomes an exception',
    path({ path: '/srv/bin/x', wish: 'execute', errno: 13 }),
    { NoExecPaths: ['/srv'] },
    'NoExecPaths=/srv',
    { does: 'add', name: 'ExecPaths', word: '/srv/bin/x' },
  ],
  [
    'a device needs a line of its own',
    path({ path: '/dev/nvme0', errno: 1 }),
    { DevicePolicy: 'closed' },
    'DevicePolicy=closed',
    { does: 'add', name: 'DeviceAllow', word: '/dev/nvme0 rw' },
  ],
  [
    'a file that its mode keeps a user from is no directive',
    path({ errno: 13, wish: 'read' }),
    { ProtectSystem: 'strict' },
    undefined,
  ],
  [
    'root that lacks a capability is kept from a file by the bounding set',
    path({ errno: 1, wish: 'change', isRoot: true, capability: 'CAP_CHOWN' }),
    { CapabilityBoundingSet: without('CAP_CHOWN') },
    'CapabilityBoundingSet=',
    { does: 'add', name: 'CapabilityBoundingSet', word: 'CAP_CHOWN' },
  ],
  [
    'a capability that a directive takes is given back by leaving that out',
    { kind: 'capability', capability: 'CAP_SYSLOG', calls: ['openat'], count: 1, programs: [] },
    { ProtectKernelLogs: true, CapabilityBoundingSet: without('CAP_SYSLOG') },
    'ProtectKernelLogs=',
    { does: 'leave out', name: 'ProtectKernelLogs' },
  ],
  [
    'a capability that the bounding set has was lacking for another reason',
    { kind: 'capability', capability: 'CAP_CHOWN', calls: ['chown'], count: 1, programs: [] },
    { CapabilityBoundingSet: all },
    undefined,
  ],
  [
    'no route in a network of its own',
    {
      kind: 'address',
      use: 'connect',
      family: 2,
      address: '192.0.2.1',
      port: 80,
      errno: 101,
      count: 1,
      programs: [],
    },
    { PrivateNetwork: true },
    'PrivateNetwork=',
    { does: 'leave out', name: 'PrivateNetwork' },
  ],
  [
    'a port that may not be bound becomes an exception',
    {
      kind: 'address',
      use: 'bind',
      family: 2,
      address: '0.0.0.0',
      port: 25,
      errno: 1,
      count: 1,
      programs: [],
    },
    { SocketBindDeny: [[0, 0, 0, 0]] },
    'SocketBindDeny=',
    { does: 'add', name: 'SocketBindAllow', word: '25' },
  ],
  [
    'memory that is writable and executable',
    {
      ...{
        kind: 'call',
        call: 'mprotect',
        abi: 'x86-64',
        number: 10,
        errno: 13,
        byFilter: false,
        values: [7],
      },
      count: 1,
      programs: [],
    },
    { MemoryDenyWriteExecute: true },
    'MemoryDenyWriteExecute=',
    { does: 'leave out', name: 'MemoryDenyWriteExecute' },
  ],
];

for (const [title, refusal, unit, what, change] of CASES) {
  test(title, () => {
    const cause = directiveCause(refusal, unitWith(unit));
    assert.equal(cause?.what, what);
    assert.deepEqual(cause?.change, change);
    if (cause) assert.deepEqual([cause.at, what!.startsWith(cause.directive)], [at, true]);
  });
}

test("a cause that only the errno EACCES tells isn't certain, for a mode may be it", () => {
  const refusal = path({ path: '/opt/x', wish: 'read', errno: 13 });
  const cause = directiveCause(refusal, unitWith({ InaccessiblePaths: ['/opt'] }));
  assert.deepEqual([cause?.what, cause?.certain], ['InaccessiblePaths=/opt', false]);
});
