/** Tests of plan/score/score.ts and all of plan/score/: how exposed a unit is, by its files, on the bus, and behind the launcher. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DOORS, type DoorName } from '../../../src/plan/score/doors.js';
import { exposureText, levelOf } from '../../../src/plan/score/exposure.js';
import { settingsOnBus } from '../../../src/plan/score/on-bus.js';
import { placesOf } from '../../../src/plan/score/places.js';
import { ROWS } from '../../../src/plan/score/rows.js';
import { scoreOf } from '../../../src/plan/score/score.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { INFINITY } from '../../../src/systemd/directives/values/bus.js';
import { targetOf, valuesOf } from '../../support/planned.js';
import { scoreOfLines, scoreOfPolicy } from '../../support/scored.js';

/** Exposures that systemd-analyze of systemd 257 has printed for these lines. */
const EXPOSURES: readonly (readonly [lines: string, exposure: string])[] = [
  ['', '9.6 UNSAFE'],
  ['User=daemon', '9.2 UNSAFE'],
  ['DynamicUser=yes', '8.2 EXPOSED'],
  ['User=nobody\nSupplementaryGroups=audio', '9.5 UNSAFE'],
  ['PrivateDevices=yes\nProtectClock=yes', '8.5 EXPOSED'],
  ['SystemCallFilter=@system-service\nSystemCallArchitectures=native', '8.0 EXPOSED'],
  ['SystemCallFilter=~@clock @mount @debug\nSystemCallArchitectures=native x86', '9.0 UNSAFE'],
  ['SystemCallFilter=~kexec_load', '9.6 UNSAFE'],
  ['RestrictAddressFamilies=~AF_INET AF_CAN', '9.1 UNSAFE'],
  ['RestrictAddressFamilies=none\nRestrictNamespaces=~user net', '8.5 EXPOSED'],
  ['IPAddressDeny=any\nIPAddressAllow=localhost', '9.4 UNSAFE'],
  ['IPAddressDeny=any\nIPAddressAllow=10.0.0.0/8', '9.5 UNSAFE'],
  ['ProtectHome=read-only\nProtectSystem=full\nUMask=0077\nProtectProc=noaccess', '9.1 UNSAFE'],
  ['CapabilityBoundingSet=CAP_KILL\nAmbientCapabilities=CAP_KILL\nUser=0', '7.3 MEDIUM'],
  ['NotifyAccess=all\nKeyringMode=shared\nDelegate=yes\nUMask=0000', '10.0 DANGEROUS'],
  ['RootDirectory=/srv\nPrivateTmp=yes\nPrivateNetwork=yes', '8.7 EXPOSED'],
  ['DevicePolicy=strict\nDeviceAllow=/dev/null r', '9.5 UNSAFE'],
  [
    'ProtectKernelModules=yes\nProtectKernelLogs=yes\nProtectKernelTunables=yes\nProcSubset=pid',
    '8.6 EXPOSED',
  ],
  ['[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/true\n', '9.5 UNSAFE'],
];

test("the exposure of a unit by its files is systemd-analyze's", () => {
  const shown = (lines: string) => {
    const { exposure, bySystemd, byLauncher } = scoreOfLines(lines);
    assert.deepEqual([exposure, byLauncher], [bySystemd, []]);
    return `${exposureText(exposure)} ${levelOf(exposure)}`;
  };
  for (const [lines, exposure] of EXPOSURES) assert.equal(shown(lines), exposure, lines);
});

test("the rows are systemd-analyze's, each once", () => {
  assert.equal(ROWS.length, 81);
  assert.equal(new Set(ROWS.map(({ name }) => name)).size, 81);
});

test('each level begins at its own exposure', () => {
  assert.deepEqual([100, 99, 89, 74, 49, 9, 0].map(levelOf), [
    'DANGEROUS',
    'UNSAFE',
    'EXPOSED',
    'MEDIUM',
    'OK',
    'SAFE',
    'PERFECT',
  ]);
});

/** Properties of a unit without a line, as systemd has them. */
const BARE: readonly (readonly [name: string, value: unknown])[] = [
  ['AmbientCapabilities', 0n],
  ['CapabilityBoundingSet', INFINITY],
  ['DefaultDependencies', true],
  ['DevicePolicy', 'auto'],
  ['KeyringMode', 'private'],
  ['NotifyAccess', 'none'],
  ['ProtectHome', 'no'],
  ['ProtectSystem', 'no'],
  ['RestrictAddressFamilies', [false, []]],
  ['RestrictNamespaces', INFINITY],
  ['SystemCallFilter', [false, []]],
  ['UMask', 0o022],
];

const onBus = (properties: readonly (readonly [name: string, value: unknown])[], more = {}) => {
  const all = new Map([...BARE, ...properties]);
  const { machine, sets, scope, systemd } = { ...targetOf(257), ...more };
  const settings = settingsOnBus((name) => all.get(name), { scope, systemd });
  return exposureText(scoreOf({ settings, machine, sets, filter: undefined, ready: undefined }).exposure);
};

test("the exposure of a unit on the bus is systemd-analyze's", () => {
  assert.equal(onBus([]), '9.6');
  assert.equal(onBus([['User', 'daemon']]), '9.2');
  assert.equal(
    onBus([
      ['PrivateDevices', true],
      ['ProtectClock', true],
      ['DevicePolicy', 'closed'],
      ['DeviceAllow', [['char-rtc', 'r']]],
    ]),
    '8.5',
  );
  assert.equal(
    onBus([
      [
        'IPAddressDeny',
        [
          [2, [0, 0, 0, 0], 0],
          [10, new Array(16).fill(0), 0],
        ],
      ],
      ['IPAddressAllow', [[2, [127, 0, 0, 0], 8]]],
    ]),
    '9.4',
  );
  assert.equal(onBus([['RestrictAddressFamilies', [false, ['AF_INET', 'AF_CAN']]]]), '9.1');
  assert.equal(onBus([['SystemCallFilter', [false, ['kexec_load:EPERM']]]]), '9.6');
});

test("a user's own service doesn't run as root for systemd 262 and later", () => {
  const of = (systemd: number) => onBus([], { scope: 'user', systemd });
  assert.deepEqual([of(257), of(262)], ['9.6', '9.2']);
});

const LAUNCHED = '[syscalls]\ndeny = ["@clock", "@mount"]\naction = "EPERM"\nenforcer = "launcher"\n';

test("the launcher's filter counts like one of systemd's", () => {
  // Rows with a weight of 56160 apply to a unit that runs as root, of which 53510 are bad in a unit without a line.
  // SystemCallArchitectures= and NoNewPrivileges=, which the launcher needs, take 1000 each; so does each of the sets.
  const { change, after } = scoreOfPolicy(LAUNCHED);
  const { exposure, bySystemd, byLauncher } = after.score;
  assert.deepEqual([change, bySystemd, exposure], [{ before: 96, after: 89 }, 92, 89]);
  assert.deepEqual(byLauncher, ['SystemCallFilter_clock', 'SystemCallFilter_mount']);
  const { after: systemd } = scoreOfPolicy(LAUNCHED.replace('enforcer = "launcher"', ''));
  assert.deepEqual([systemd.score.bySystemd, systemd.score.exposure], [90, 90]);
});

test("a set counts as open if the launcher's filter lets one call through, for some arguments", () => {
  const rules = `[[syscalls.rules]]
syscall = "mount"
when = [{ arg = 3, eq = 0 }]
action = "EPERM"
`;
  const open = `[syscalls]\ndeny = ["@clock", "@mount"]\nenforcer = "launcher"\n`;
  const some = open.replace('"@mount"', '"@mount", "umount2:log"');
  assert.deepEqual(scoreOfPolicy(some).after.score.byLauncher, ['SystemCallFilter_clock']);
  assert.deepEqual(scoreOfPolicy(`[syscalls]\nenforcer = "launcher"\n${rules}`).after.score.byLauncher, []);
});

describe('the filter of [ready] in the score', () => {
  const READY = '[ready]\ndeny = ["execve", "execveat", "@clock"]\n';

  test('counts, beside all earlier ones', () => {
    const { change, after } = scoreOfPolicy(READY + LAUNCHED);
    const { exposure, untilReady, bySystemd, byLauncher, byReady, doors } = after.score;
    const { change: without } = scoreOfPolicy(LAUNCHED);
    assert.deepEqual([change.before, change.after, change.ready], [96, without.after, exposure]);
    assert.deepEqual([untilReady, bySystemd], [without.after, 92]);
    // @clock is refused from the start.
    assert.deepEqual(byLauncher, ['SystemCallFilter_clock', 'SystemCallFilter_mount']);
    assert.deepEqual(byReady, []);
    const of = (name: string) => doors.find(({ door }) => door.name === name)!;
    assert.deepEqual([of('exec').access, of('exec').by], ['closed', ['[ready]']]);
    assert.deepEqual(of('mounts').by, ['the launcher']);
  });

  test("counts by itself, and systemd's part is as in systemd-analyze", () => {
    const { change, after } = scoreOfPolicy(READY);
    const { exposure, untilReady, bySystemd, byReady } = after.score;
    assert.equal(bySystemd, scoreOfLines('').bySystemd);
    assert.deepEqual([change.before, change.after, change.ready], [bySystemd, untilReady, exposure]);
    assert.ok(exposure < untilReady!);
    assert.ok(byReady.includes('SystemCallFilter_clock'), byReady.join());
  });

  test('closes nothing while it only records', () => {
    const { byReady, doors } = scoreOfPolicy(`${READY}action = "log"\n`).after.score;
    assert.ok(!byReady.some((row) => row.startsWith('SystemCallFilter')));
    assert.equal(doors[0]!.access, 'open');
  });

  test("doesn't count if no program loads it", () => {
    const target = targetOf(257, { machine: 'riscv64' });
    const { change, after } = scoreOfPolicy(READY, '', target);
    assert.equal(after.score.untilReady, undefined);
    assert.equal('ready' in change, false);
  });
});

test('a permissive policy closes nothing', () => {
  const { after } = scoreOfPolicy('[syscalls]\nallow = ["@system-service"]\naction = "log"\n');
  assert.ok(!after.score.byLauncher.some((row) => row.startsWith('SystemCallFilter')));
});

const accessOf = (policy: string, lines = '') => {
  const { doors } = scoreOfPolicy(policy, lines).after.score;
  return (name: DoorName) => {
    const { access, calls, by } = doors.find(({ door }) => door.name === name)!;
    return [access, ...calls, ...by].join(' ');
  };
};

test('all doors are open for a unit without a line', () => {
  const { doors } = scoreOfLines('');
  assert.deepEqual([...new Set(doors.map(({ access }) => access))], ['open']);
  assert.equal(doors.length, DOORS.length);
});

test('a door is closed by the filter, the launcher or a directive that refuses all its calls', () => {
  const door = accessOf(
    '[syscalls]\ndeny = ["execve", "execveat", "io_uring_setup", "keyctl"]\n',
    'RestrictNamespaces=~user\nRestrictAddressFamilies=AF_UNIX AF_INET\nProtectKernelModules=yes\nSystemCallFilter=~bpf',
  );
  assert.equal(door('exec'), 'closed the launcher SystemCallFilter=');
  assert.equal(door('io-uring'), 'closed SystemCallFilter=');
  assert.equal(door('keyrings'), 'open add_key request_key');
  assert.equal(door('bpf'), 'closed SystemCallFilter=');
  assert.equal(door('user-namespaces'), 'closed RestrictNamespaces=');
  assert.equal(door('packet-sockets'), 'closed RestrictAddressFamilies=');
  assert.equal(door('raw-sockets'), 'open socket');
  assert.equal(door('modules'), 'closed ProtectKernelModules=');
});

test('an argument rule closes the door that it is about', () => {
  const door = accessOf(`[syscalls]
deny = ["clone3", "unshare", "setns"]
[[syscalls.rules]]
syscall = "clone"
when = [{ arg = 0, bits-any = "CLONE_NEWUSER" }]
action = "EPERM"
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_PACKET" }]
action = "EPERM"
`);
  assert.equal(door('user-namespaces'), 'closed the launcher SystemCallFilter=');
  assert.equal(door('namespaces'), 'open clone');
  assert.equal(door('packet-sockets'), 'closed the launcher');
  assert.equal(door('netlink-sockets'), 'open socket');
});

test('a door that needs a capability is open to a unit that has it, or can get it', () => {
  const needs = (lines: string, name: DoorName) =>
    accessOf('[service]\nLockPersonality = true\n', lines)(name);
  const without = 'CapabilityBoundingSet=CAP_KILL\n';
  assert.equal(needs(without, 'modules'), 'needs init_module finit_module CAP_SYS_MODULE');
  assert.match(needs(without, 'mounts'), /^open mount /);
  assert.match(needs(`${without}RestrictNamespaces=~user`, 'mounts'), /^needs .*CAP_SYS_ADMIN$/);
  assert.match(needs('User=daemon', 'reboot'), /^open/);
  assert.match(needs('User=daemon\nNoNewPrivileges=yes', 'reboot'), /^needs/);
  assert.match(
    needs('User=daemon\nNoNewPrivileges=yes\nAmbientCapabilities=CAP_SYS_BOOT', 'reboot'),
    /^open/,
  );
});

test('families are closed only with x86, whose socketcall systemd leaves out', () => {
  const door = (lines: string) => {
    const { doors } = scoreOfLines(`RestrictAddressFamilies=AF_UNIX\n${lines}`);
    const { access, by } = doors.find((one) => one.door.name === 'packet-sockets')!;
    return [access, ...by].join(' ');
  };
  assert.equal(door(''), 'open');
  assert.equal(door('SystemCallArchitectures=native x86'), 'open');
  assert.equal(door('SystemCallArchitectures=native'), 'closed RestrictAddressFamilies=');
});

test("the kernel's log can be read without a capability", () => {
  const { doors } = scoreOfLines('CapabilityBoundingSet=\nNoNewPrivileges=yes');
  assert.equal(doors.find((one) => one.door.name === 'kernel-log')!.access, 'open');
});

test('the table of doors names existing calls', () => {
  for (const { call } of DOORS.flatMap(({ entries }) => entries))
    assert.ok(numbersOf('x86-64').has(call), call);
});

test('a door whose calls the machine lacks is not listed', () => {
  const names = scoreOfLines('', targetOf(257, { machine: 'riscv64' })).doors.map(({ door }) => door.name);
  assert.ok(!names.includes('io-ports'));
  assert.ok(names.includes('exec'));
});

const PLACES: readonly (readonly [lines: string, places: readonly string[] | undefined])[] = [
  ['', ['/']],
  ['ProtectSystem=strict', ['/dev', '/home', '/root', '/run/user']],
  ['ProtectSystem=strict\nProtectHome=read-only', ['/dev']],
  ['ProtectSystem=strict\nProtectHome=tmpfs\nExecPaths=/usr', ['/dev', '/usr']],
  ['ProtectSystem=strict\nProtectHome=yes\nPrivateDevices=yes\nProtectProc=invisible', ['/dev/shm', '/run']],
  ['NoExecPaths=/\nExecPaths=/usr\nProtectSystem=full\nPrivateTmp=yes', ['/tmp', '/var/tmp']],
  [
    'DynamicUser=yes\nPrivateDevices=yes\nStateDirectory=demo',
    ['/dev/shm', '/tmp', '/var/lib/demo', '/var/lib/private/demo', '/var/tmp'],
  ],
  [
    'ProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/srv -/opt/x\nStateDirectory=demo',
    ['/dev', '/opt/x', '/srv', '/var/lib/demo'],
  ],
  [
    'ProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/srv\nReadOnlyPaths=/srv/www\nPrivateTmp=yes',
    ['/dev', '/srv', '/tmp', '/var/tmp'],
  ],
  ['NoExecPaths=/\nExecPaths=/usr', ['/usr']],
  ['NoExecPaths=/\nExecPaths=/usr\nProtectSystem=yes', []],
  ['NoExecPaths=/srv', ['/']],
  ['RootDirectory=/srv', undefined],
];

test('places to write and execute are those that no directive makes read-only or not executable', () => {
  for (const [lines, places] of PLACES) assert.deepEqual(placesOf(valuesOf(lines), []), places, lines);
});

test("the host's mounts reduce the places, too", () => {
  const mounts = [
    { path: '/', options: ['rw'] },
    { path: '/dev', options: ['rw', 'noexec'] },
    { path: '/tmp', options: ['rw', 'noexec'] },
  ];
  assert.deepEqual(placesOf(valuesOf('ProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes'), mounts), [
    '/var/tmp',
  ]);
  assert.deepEqual(placesOf(valuesOf('BindPaths=/srv:/tmp/srv'), mounts), ['/']);
});
