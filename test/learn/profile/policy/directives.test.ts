/** Tests of learn/profile/policy/directives/: which evidence proves a directive, and what speaks against it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learnDirectives } from '../../../../src/learn/profile/policy/directives/directives.js';
import { ProfileFacts } from '../../../../src/learn/profile/policy/directives/facts.js';
import { keepGood } from '../../../../src/learn/profile/policy/directives/kept.js';
import { hasPrivateTmp, privateTmp } from '../../../../src/learn/profile/policy/directives/private-tmp.js';
import { writablePaths } from '../../../../src/learn/profile/policy/directives/write-paths.js';
import type { ProfilePart } from '../../../../src/learn/profile/policy/input.js';
import type { RecordedPeer } from '../../../../src/observe/recording/recording.js';
import type { Trait } from '../../../../src/plan/access-units.js';
import {
  calls,
  directive,
  learned,
  paths,
  profile,
  request,
  values,
  withCalls,
} from '../../../support/learned.js';
import { targetOf } from '../../../support/planned.js';

const STARTED = profile().arguments;

const peer = (more: Partial<RecordedPeer>): RecordedPeer => ({
  ...{ use: 'bind', family: 2, type: 1, address: '0.0.0.0', port: 80, count: 1 },
  ...more,
});

const unixPeer = (address: string, use: RecordedPeer['use'] = 'bind') =>
  peer({ use, family: 1, address, port: null });

const granted = (name: string, ...by: readonly string[]) => ({ name, granted: true, count: 1, calls: by });

/** Evidence of further calls with the values of one argument. */
const called = (
  name: string,
  position: number,
  ...of: readonly (number | bigint)[]
): Partial<ProfilePart> => {
  const more = withCalls(name);
  return {
    calls: more.calls,
    arguments: [
      ...STARTED,
      values(
        name,
        [position],
        of.map((value) => [value]),
      ),
    ],
  };
};

/** Evidence of an option of sockets at the level SOL_SOCKET. */
const socketOptions = (call: string, option: number): Partial<ProfilePart> => ({
  calls: withCalls(call).calls,
  arguments: [...STARTED, values(call, [1, 2], [[1, option]])],
});

const made = (names: string): Partial<ProfilePart> => ({ calls: withCalls(names).calls });

/** Evidence of a network, by which the host's own is needed. */
const SOCKET: Partial<ProfilePart> = {
  calls: withCalls('socket').calls,
  arguments: [...STARTED, values('socket', [0, 1], [[2, 1]])],
};

/** Devices that a /dev of the unit's own lacks. */
const TUN = {
  paths: [
    ...paths('read', ['/dev/net/tun', '/dev/kvm'], { device: 'char 10:200' }),
    ...paths('write', ['/dev/net/tun'], { device: 'char 10:200' }),
    ...paths('read', ['/dev/null'], { device: 'char 1:3' }),
  ],
};
const DISKS = [...Array(9).keys()].flatMap((i) => paths('read', [`/dev/sd${i}`], { device: `block 8:${i}` }));

/** A directive, evidence, and the value that follows; a pattern is the reason why there is none. */
type Case = readonly [name: string, more: Partial<ProfilePart>, follows: unknown, lines?: string];

const CASES: readonly Case[] = [
  ['ProtectSystem', {}, 'strict'],
  // mkdir -p /var/lib/demo
  ['ReadWritePaths', { paths: paths('change-directory', ['/', '/var'], { errno: 17 }) }, undefined],
  ['ProtectSystem', { paths: paths('change-directory', ['/', '/var'], { errno: 17 }) }, 'strict'],
  ['ProtectHome', { paths: paths('change-directory', ['/home/x'], { errno: 17 }) }, 'read-only'],
  ['PrivateTmp', { paths: paths('change-directory', ['/tmp'], { errno: 17 }) }, true],
  ['ProtectHome', {}, true],
  ['ProtectHome', { paths: paths('read', ['/home/web/index.html']) }, 'read-only'],
  ['ProtectHome', { paths: paths('write', ['/home/web/log']) }, /\/home\/web\/log was changed/],
  [
    'ProtectHome',
    { paths: paths('change-directory', ['/srv/app/.././../home/web//x/']) },
    /^\/home\/web\/x was changed/,
  ],
  ['ProtectHome', made('io_uring_setup'), /io_uring was used/],
  ['ProtectHome', { paths: paths('failed', ['/root/.netrc'], { errno: 2 }) }, 'tmpfs'],
  ['ProtectHome', { paths: paths('stat', ['/home/app'], { errno: 22 }) }, 'read-only'], // readlink() of a directory
  ['ProtectHome', { paths: paths('stat', ['/home'], { errno: 22 }) }, true],
  ['ProtectHome', { paths: paths('stat', ['/home']) }, true],
  ['ProtectHome', { paths: paths('stat', ['/homestead/x']) }, true],
  ['ProtectHome', { peers: [unixPeer('/run/user/1000/bus', 'connect')] }, /is a socket in a home directory/],
  ['ProtectHome', { paths: paths('change-directory', ['/srv/../home/x']) }, /\/home\/x was changed/],
  ['ProtectHome', { paths: paths('stat', ['/srv/./a/..//../home/x']) }, 'read-only'],
  ['ProtectHome', { paths: paths('stat', ['/home/../srv']) }, true],
  ['ProtectHome', {}, /WorkingDirectory=~ may be in a home directory/, 'WorkingDirectory=~'],
  ['ProtectHome', {}, /with RootDirectory=, the service sees other paths/, 'RootDirectory=/srv/root'],
  ['PrivateTmp', {}, true],
  ['PrivateTmp', { paths: paths('read', ['/tmp/others']) }, /\/tmp\/others was used, but not created/],
  ['PrivateTmp', { paths: paths('stat', ['/tmp/link']) }, /\/tmp\/link was used, but not created/],
  ['PrivateTmp', { paths: paths('write', ['/tmp/fifo']) }, /\/tmp\/fifo was used, but not created/],
  ['PrivateTmp', { paths: paths('failed', ['/tmp/fifo'], { errno: 6 }) }, /\/tmp\/fifo was used/], // ENXIO
  ['PrivateTmp', { paths: paths('failed', ['/tmp/missing'], { errno: 2 }) }, true],
  [
    'PrivateTmp',
    { paths: [...paths('create-in', ['/tmp']), ...paths('change-attribute', ['/tmp/others'])] },
    /\/tmp\/others was used/,
  ],
  [
    'PrivateTmp',
    { paths: [...paths('create-in', ['/tmp']), ...paths('read', ['/tmp/others'])] },
    /\/tmp\/others was used/,
  ],
  [
    'PrivateTmp',
    {
      paths: [
        ...paths('create-in', ['/tmp/a']),
        ...paths('change-directory', ['/tmp/a']),
        ...paths('stat', ['/tmp/a/b/c']),
      ],
    },
    true,
  ],
  [
    'PrivateTmp',
    { paths: [...paths('create-in', ['/tmp/data']), ...paths('write', ['/tmp/data/log'])] },
    /files were created in \/tmp\/data and none was removed/,
  ],
  [
    'ProtectSystem',
    { peers: [unixPeer('private/smtp')] },
    /the socket private\/smtp was bound in an unknown directory/,
  ],
  ['ProtectSystem', { paths: paths('create-in', ['/']) }, /the root directory was changed/],
  ['PrivateTmp', { paths: [...paths('create-in', ['/tmp']), ...paths('stat', ['/tmp'])] }, true],
  [
    'PrivateTmp',
    {
      paths: [...paths('create-in', ['/tmp']), ...paths('write', ['/tmp/a']), ...paths('read', ['/tmp/a'])],
    },
    true,
  ],
  [
    'PrivateTmp',
    {
      paths: [
        ...paths('create-in', ['/tmp/data']),
        ...paths('read', ['/tmp/data/log'], { phases: ['start', 'serving'] }),
      ],
    },
    /\/tmp\/data\/log existed at the start/,
  ],
  [
    'PrivateTmp',
    {
      paths: [
        ...paths('create-in', ['/tmp/made'], { phases: ['start', 'serving'] }),
        ...paths('change-directory', ['/tmp/made'], { phases: ['stop'] }),
        ...paths('read', ['/tmp/made/log'], { phases: ['start'] }),
      ],
    },
    true,
  ],
  ['PrivateTmp', { peers: [unixPeer('/tmp/mysql.sock')] }, /a socket that others may use/],
  ['PrivateDevices', { paths: paths('read', ['/dev/null'], { device: 'char 1:3' }) }, true],
  ['PrivateDevices', { paths: paths('write', ['/dev/pts/3'], { device: 'char 136:3' }) }, true],
  [
    'PrivateDevices',
    { paths: paths('read', ['/dev/sda'], { device: 'block 8:0' }) },
    /\/dev\/sda \(block 8:0\)/,
  ],
  ['PrivateDevices', { paths: paths('create-in', ['/dev/shm']) }, true],
  ['PrivateDevices', { paths: paths('create-in', ['/dev']) }, /\/dev was changed/],
  ['PrivateDevices', { capabilities: [granted('CAP_SYS_RAWIO', 'open')] }, /CAP_SYS_RAWIO was used/],
  ['PrivateDevices', called('mknod', 1, 0o010644), true],
  ['PrivateDevices', called('mknod', 1, 0o020644), /a device node was created/],
  ['PrivateDevices', made('mknod'), /not all modes of mknod were recorded/],
  ['DevicePolicy', {}, undefined],
  ['DeviceAllow', {}, undefined],
  ['DevicePolicy', TUN, 'closed'],
  ['DeviceAllow', TUN, ['/dev/kvm r', '/dev/net/tun rw']],
  [
    'DevicePolicy',
    { paths: paths('read', ['/srv/disk'], { device: 'block 8:0' }) },
    /a device outside \/dev/,
  ],
  ['DevicePolicy', { ...TUN, ...called('mknod', 1, 0o020644) }, /a device node was created/],
  ['DevicePolicy', { paths: DISKS }, /many devices/],
  ['ProtectClock', {}, true],
  ['ProtectClock', made('clock_adjtime'), /clock_adjtime was called/],
  ['ProtectClock', { ...made('timerfd_create'), blind: ['capabilities'] }, /not all clocks of timers/],
  ['ProtectClock', { ...called('timerfd_create', 0, 1), blind: ['capabilities'] }, true],
  ['ProtectClock', { ...called('timerfd_create', 0, 9), blind: ['capabilities'] }, /wakes the machine up/],
  ['ProtectControlGroups', {}, true],
  ['ProtectControlGroups', { paths: paths('write', ['/sys/fs/cgroup/a/cgroup.procs']) }, /was changed/],
  ['ProtectControlGroups', {}, undefined, 'Delegate=yes'],
  ['ProtectHostname', made('sethostname'), /sethostname was called/],
  [
    'ProtectKernelLogs',
    { paths: paths('read', ['/dev/kmsg'], { device: 'char 1:11' }) },
    /\/dev\/kmsg was used/,
  ],
  ['ProtectKernelModules', { paths: paths('read', ['/usr/lib/modules/6.12/modules.dep']) }, /was used/],
  ['ProtectKernelTunables', { paths: paths('read', ['/proc/sys/vm/overcommit_memory']) }, true],
  ['ProtectKernelTunables', { paths: paths('write', ['/proc/sys/vm/overcommit_memory']) }, /was changed/],
  ['ProtectKernelTunables', { paths: paths('write', ['/sys/fs/cgroup/x']) }, true],
  ...['/sys/fs/pstore/x', '/sys/fs/ext4/sda/mb_stats', '/sys/hypervisor/x', '/proc/mtrr', '/proc/apm'].map(
    (path): Case => ['ProtectKernelTunables', { paths: paths('write', [path]) }, /was changed/],
  ),
  ['ProtectKernelTunables', { paths: paths('write', ['/proc/latency_stats']) }, /was changed/],
  [
    'ProtectKernelTunables',
    { paths: paths('write', ['/sys/fs/selinux/load', '/proc/12/oom_score_adj']) },
    true,
  ],
  // The plan closes /sys.
  ['BindReadOnlyPaths', SOCKET, undefined],
  ['ProtectHostname', { paths: paths('write', ['/proc/sys/kernel/hostname']) }, /hostname was changed/],
  ['ProtectHostname', { paths: paths('write', ['/proc/sys/kernel/domainname']) }, /domainname was changed/],
  ['ProtectHostname', { paths: paths('read', ['/proc/sys/kernel/hostname']) }, true],
  ['ProcSubset', { paths: paths('read', ['/proc/self/status', '/proc/12/stat']) }, 'pid'],
  ['ProcSubset', { paths: paths('read', ['/proc/cpuinfo']) }, /\/proc\/cpuinfo was used/],
  ['ProcSubset', { paths: paths('read', ['/proc/12/mounts']) }, /\/proc\/12\/mounts was used/],
  ['ProcSubset', { paths: paths('read', ['/proc/12/net/dev']) }, /\/proc\/12\/net\/dev was used/],
  ['ProcSubset', { paths: paths('stat', ['/proc/net']) }, /\/proc\/net was used/],
  ['ProcSubset', { paths: paths('stat', ['/proc/self/mounts', '/proc/12/mountinfo']) }, 'pid'],
  ['ProtectProc', {}, 'invisible', 'User=demo'],
  ['ProtectProc', {}, /sees all processes/],
  ['ProtectProc', { paths: paths('read', ['/proc/12/stat']) }, /another process/, 'User=demo'],
  ['UMask', { modes: [0o600, 0o700] }, '0077'],
  ['UMask', { modes: [0o640] }, '0027'],
  ['UMask', { modes: [0o644] }, undefined],
  ['UMask', { modes: [0o600], ...called('mkdir', 1, 0o700) }, '0077'],
  ['UMask', { modes: [0o600], ...called('mkdir', 1, 0o750) }, '0027'],
  ['UMask', { modes: [0o600], ...called('mkdirat', 2, 0o755) }, undefined],
  ['UMask', { modes: [0o600, 0o755], ...called('mkdir', 1, 0o700) }, undefined],
  ['UMask', { modes: [0o600], ...called('mknodat', 2, 0o010666) }, undefined],
  ['UMask', { modes: [0o600], ...made('mkdir') }, /not all modes of mkdir or mknod/],
  ['UMask', { modes: [0o600], ...made('mq_open') }, /mq_open was called/],
  ['UMask', { modes: [0o600], peers: [unixPeer('/run/x.sock')] }, /\/run\/x.sock is a socket/],
  ['UMask', { modes: [0o600], peers: [unixPeer('private/smtp')] }, /private\/smtp is a socket/],
  ['UMask', { modes: [0o600], peers: [unixPeer('@x'), unixPeer('/run/y', 'connect')] }, '0077'],
  ['LockPersonality', {}, true],
  ['LockPersonality', called('personality', 0, 0xffffffff), true],
  ['LockPersonality', called('personality', 0, 0x40000), /another execution domain/],
  ['LockPersonality', made('personality'), /not all arguments of personality were recorded/],
  ['MemoryDenyWriteExecute', {}, true],
  ['MemoryDenyWriteExecute', { arguments: [values('mmap', [2], [[7]])] }, /mmap made memory executable/],
  ['MemoryDenyWriteExecute', called('mprotect', 2, 5), /mprotect made memory executable/],
  ['MemoryDenyWriteExecute', called('mprotect', 2, 3), true],
  ['MemoryDenyWriteExecute', { arguments: [] }, /not all protections of mmap/],
  ['RestrictNamespaces', { forkFlags: [18874368] }, true],
  ['RestrictNamespaces', { forkFlags: [0x10020000] }, ['mnt', 'user']],
  ['RestrictNamespaces', called('unshare', 0, 0x40000000), ['net']],
  ['RestrictNamespaces', made('unshare'), /not all flags of unshare and setns/],
  ['RestrictNamespaces', called('setns', 1, 0), /not all flags of unshare and setns/],
  ['RestrictRealtime', called('sched_setscheduler', 1, 0, 3, 5), true],
  ['RestrictRealtime', called('sched_setscheduler', 1, 2), /realtime scheduling was requested/],
  ['RestrictRealtime', called('sched_setscheduler', 1, 0x40000000), /realtime scheduling was requested/],
  ['RestrictRealtime', made('sched_setattr'), /not all scheduling policies were/],
  ['RestrictRealtime', called('sched_setattr', 1, 0), true],
  ['RestrictRealtime', called('sched_setattr', 1, 6), /realtime scheduling was requested/],
  ['RestrictSUIDSGID', { modes: [0o644] }, true],
  ['RestrictSUIDSGID', { modes: [0o4755] }, /set-user-ID/],
  ['RestrictSUIDSGID', called('fchmodat', 2, 0o2775), /set-group-ID/],
  ['RestrictSUIDSGID', made('chmod'), /not all modes of chmod/],
  ...(['mkdir', 'mkdirat', 'mknod', 'mknodat'] as const).flatMap((call): Case[] => [
    ['RestrictSUIDSGID', called(call, call.endsWith('at') ? 2 : 1, 0o2755), /set-group-ID/],
    ['RestrictSUIDSGID', called(call, call.endsWith('at') ? 2 : 1, 0o755), true],
    ['RestrictSUIDSGID', made(call), /not all modes of chmod, mkdir or mknod/],
  ]),
  ['RestrictSUIDSGID', made('openat2'), /openat2 was called/],
  ['RestrictAddressFamilies', {}, 'none'],
  ['RestrictAddressFamilies', made('socket'), /not all families of sockets/],
  ['PrivateNetwork', {}, true],
  [
    'PrivateNetwork',
    { peers: [unixPeer('@chat', 'connect')] },
    /abstract socket @chat belongs to the network namespace/,
  ],
  ['PrivateNetwork', { peers: [peer({ use: 'accept' })] }, undefined],
  ...[
    '/proc/net',
    '/proc/12/net/dev',
    '/proc/12/task/13/net/tcp',
    '/proc/sys/net/core/somaxconn',
    '/sys/class/net',
    '/sys/devices/virtual/net/lo/statistics/rx_bytes',
    '/sys/devices/pci0000:00/0000:00:03.0/net/eth0/mtu',
  ].map((path): Case => ['PrivateNetwork', { paths: paths('read', [path]) }, /shows the host's network/]),
  ['PrivateNetwork', { paths: paths('read', ['/proc/12/status', '/sys/class/netlike', '/srv/net']) }, true],
  ['PrivateNetwork', { lost: { paths: 1 } }, /1 record of paths was lost/],
  ['PrivateIPC', {}, true],
  ['PrivateIPC', made('shmget'), /shmget was called/],
  ['SocketBindDeny', {}, 'any'],
  ['SocketBindAllow', {}, undefined],
  [
    'SocketBindAllow',
    { peers: [peer({}), peer({}), peer({ family: 10, type: 2, port: 53 })] },
    ['tcp:80', 'udp:53'],
  ],
  ['SocketBindDeny', { peers: [peer({ port: 0 })] }, /the bound ports vary, or are too many to list/],
  [
    'SocketBindDeny',
    { peers: [...Array(9).keys()].map((i) => peer({ port: 40000 + i })) },
    /bound ports vary/,
  ],
  ['SocketBindDeny', { peers: [unixPeer('/run/x.sock')] }, 'any'],
  ['IPAddressDeny', { peers: [peer({ use: 'accept', address: '127.0.0.1' })] }, undefined],
  ['NoNewPrivileges', {}, true],
  ['NoNewPrivileges', made('execve'), /may gain privileges/],
  ['NoNewPrivileges', { programs: [] }, /its program may have a set-user-ID/],
  ['NoNewPrivileges', { capabilities: [granted('CAP_CHOWN', 'chown')] }, true],
  [
    'NoNewPrivileges',
    { capabilities: [granted('CAP_NET_RAW', 'socket')] },
    /CAP_NET_RAW was used, which may come from the program's file/,
    'User=demo',
  ],
  [
    'NoNewPrivileges',
    { capabilities: [granted('CAP_KILL', 'kill')] },
    true,
    'User=demo\nAmbientCapabilities=CAP_KILL',
  ],
  ['NoNewPrivileges', { blind: ['capabilities'] }, /doesn't report capabilities/, 'User=demo'],
  ['NoNewPrivileges', { blind: ['capabilities'] }, /doesn't report capabilities/, 'SecureBits=noroot'],
  ['NoNewPrivileges', { blind: ['capabilities'] }, true, 'User=root'],
  ['NoNewPrivileges', {}, /with RootDirectory=, the service sees other paths/, 'RootDirectory=/srv/root'],
  ['PrivateUsers', {}, undefined],
  ['PrivateUsers', {}, undefined, 'User=root'],
  ['PrivateUsers', {}, true, 'User=demo'],
  ['PrivateUsers', {}, true, 'DynamicUser=yes'],
  ['PrivateUsers', made('setresuid'), /setresuid was called/, 'User=demo'],
  ['PrivateUsers', made('fchown'), /fchown was called/, 'User=demo'],
  [
    'PrivateUsers',
    { capabilities: [granted('CAP_IPC_LOCK', 'mlock')] },
    /CAP_IPC_LOCK was used/,
    'User=demo',
  ],
  ['PrivateUsers', { blind: ['capabilities'] }, /doesn't report capabilities/, 'User=demo'],
  ['PrivateUsers', {}, /has capabilities of its own/, 'User=demo\nAmbientCapabilities=CAP_NET_BIND_SERVICE'],
  ['PrivateUsers', made('getsockopt'), /not all socket options were/, 'User=demo'],
  ['PrivateUsers', socketOptions('getsockopt', 4), true, 'User=demo'],
  ['PrivateUsers', socketOptions('getsockopt', 17), /SO_PEERCRED was used/, 'User=demo'],
  ['PrivateUsers', socketOptions('setsockopt', 16), /SO_PASSCRED was used/, 'User=demo'],
  ['CapabilityBoundingSet', {}, ''],
  ['CapabilityBoundingSet', { capabilities: [granted('CAP_CHOWN', 'chown')] }, ['CAP_CHOWN']],
  ['CapabilityBoundingSet', { capabilities: [{ ...granted('CAP_CHOWN', 'chown'), granted: false }] }, ''],
  [
    'CapabilityBoundingSet',
    { capabilities: [granted('CAP_CHOWN', 'chown'), granted('CAP_SYS_PTRACE', 'openat')] },
    ['CAP_CHOWN'],
    'CapabilityBoundingSet=CAP_CHOWN CAP_KILL',
  ],
  [
    'CapabilityBoundingSet',
    {},
    ['CAP_NET_BIND_SERVICE'],
    'User=demo\nAmbientCapabilities=CAP_NET_BIND_SERVICE',
  ],
];

for (const [name, more, follows, lines = ''] of CASES) {
  const what = JSON.stringify(more).slice(0, 90);
  test(`${name} of ${what} ${lines}: ${follows}`, () => {
    const of = profile(more);
    const found = learnDirectives(request(of, { lines }));
    const one = found.proved.find((proved) => proved.name === name);
    const reason = found.unproved.find((unproved) => unproved.name === name)?.reason;
    if (follows instanceof RegExp) assert.match(reason ?? String(one?.value), follows);
    else assert.deepEqual([one?.value, reason], [follows, undefined]);
    learned(of, { lines });
  });
}

test('ProtectClock of old systemd closes devices, unless they are listed', () => {
  const value = (systemd: number, more: Partial<ProfilePart>, lines = '') =>
    directive(learned(profile(more), { target: targetOf(systemd), lines }).policy, 'ProtectClock');
  assert.equal(value(252, { paths: DISKS }), undefined);
  assert.equal(value(253, { paths: DISKS }), true);
  assert.equal(value(252, { paths: DISKS }, 'DeviceAllow=block-sd rw'), true);
  assert.equal(value(252, {}), true);
  const { policy } = learned(profile(TUN), { target: targetOf(252) });
  assert.deepEqual(directive(policy, 'DeviceAllow'), ['/dev/kvm r', '/dev/net/tun rw']);
  assert.equal(directive(policy, 'ProtectClock'), true);
});

test('a program whose set-ID bits are not known may gain privileges when systemd executes it', () => {
  const programs = ['/usr/sbin/demod', '/usr/bin/ping'].map((path) => ({ path, phases: ['start' as const] }));
  const of = profile({ programs });
  assert.equal(directive(learned(of).policy, 'NoNewPrivileges'), undefined);
  assert.match(learned(of).text, /^# NoNewPrivileges = true: \/usr\/bin\/ping may have a set-user-ID/m);
  const plainPrograms = new Set(programs.map(({ path }) => path));
  assert.equal(directive(learned(of, { plainPrograms }).policy, 'NoNewPrivileges'), true);
});

test('CAP_SYS_ADMIN is believed only for calls that need it: memory is reserved all the time', () => {
  const reserved = granted('CAP_SYS_ADMIN', 'mmap', 'brk', 'execve', 'clone', 'pwrite64');
  const value = (...capabilities: ProfilePart['capabilities']) =>
    directive(learned(profile({ capabilities })).policy, 'CapabilityBoundingSet');
  assert.equal(value(reserved), '');
  for (const call of ['mount', 'lsetxattr', 'landlock_restrict_self', 'prctl', 'shmctl'])
    assert.deepEqual(value(reserved, granted('CAP_SYS_ADMIN', call)), ['CAP_SYS_ADMIN'], call);
  const CLONE_NEWNET = 0x40000000;
  const { policy } = learned(profile({ capabilities: [reserved], forkFlags: [CLONE_NEWNET] }));
  assert.deepEqual(directive(policy, 'CapabilityBoundingSet'), ['CAP_SYS_ADMIN']);
});

test('a daemon that changes its user keeps what the logs and processes of that user may take', () => {
  const value = (names: readonly string[], lines = '', more: Partial<ProfilePart> = {}) => {
    const capabilities = names.map((name) => granted(name, 'x'));
    return directive(learned(profile({ capabilities, ...more }), { lines }).policy, 'CapabilityBoundingSet');
  };
  const [chown, override, kill, setuid] = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_KILL', 'CAP_SETUID'];
  assert.deepEqual(value([setuid]), [chown, kill, setuid]);
  assert.deepEqual(value(['CAP_SETGID']), ['CAP_SETGID']);
  assert.deepEqual(value([setuid], 'CapabilityBoundingSet=CAP_SETUID CAP_IPC_LOCK'), [setuid]);
  const logs = { paths: paths('write', ['/var/log/demo/access.log']) };
  assert.deepEqual(value([setuid], '', logs), [chown, override, kill, setuid]);
  assert.deepEqual(value([setuid, 'CAP_FOWNER']), [chown, override, 'CAP_FOWNER', kill, setuid]);
});

test("a capability used outside a call, as in a page fault, counts as used; CAP_SYS_ADMIN doesn't", () => {
  const value = (name: string) =>
    directive(learned(profile({ capabilities: [granted(name)] })).policy, 'CapabilityBoundingSet');
  assert.deepEqual(value('CAP_IPC_LOCK'), ['CAP_IPC_LOCK']);
  assert.equal(value('CAP_SYS_ADMIN'), '');
});

test('a rotated log makes its directory writable, not the file', () => {
  const of = profile({ paths: paths('write', ['/var/log/nginx/access.log', '/var/log/other.log']) });
  assert.deepEqual(directive(learned(of).policy, 'ReadWritePaths'), ['/var/log']);
  const own = profile({ paths: paths('write', ['/var/log/nginx/access.log']) });
  assert.deepEqual(directive(learned(own).policy, 'ReadWritePaths'), ['/var/log/nginx']);
});

const writable = (more: Partial<ProfilePart>, lines = '') =>
  writablePaths(new ProfileFacts(request(profile(more), { lines })));

test("a program's own directories are opened whole, files in shared ones alone", () => {
  const found = writable({
    paths: [
      ...paths('write', ['/var/lib/pg/17/main/base/1/2', '/etc/resolv.conf', '/srv/www/a/b']),
      ...paths('create-in', ['/var/spool/x/y', '/run', '/run/x']),
      ...paths('change-attribute', ['/var/cache/x']),
      ...paths('read', ['/var/lib/other/file']),
      ...paths('write', ['/var/backups/x'], { errno: 30 }),
      ...paths('write', ['/var/mail/x'], { errno: 13 }),
    ],
  });
  assert.deepEqual(found, [
    '-/etc/resolv.conf',
    '/run',
    '/srv/www/a',
    '-/var/backups',
    '/var/cache/x',
    '/var/lib/pg',
    '/var/spool/x',
  ]);
});

const AWAITED = [
  { what: 'a day of work', seen: true },
  { what: 'a log rotation', seen: false },
];

test('lines about what a service did not do wait until more was seen, some of them in a weaker form', () => {
  const of = profile({
    capabilities: [granted('CAP_CHOWN', 'chown'), granted('CAP_SYS_TIME', 'clock_settime')],
  });
  const first = learned(of, { awaited: AWAITED });
  const names = ({ directives }: typeof first, part: 'proved' | 'waiting') =>
    directives[part].map(({ name }) => name);
  assert.equal(directive(first.policy, 'ProtectSystem'), 'full');
  const bounding = directive(first.policy, 'CapabilityBoundingSet') as string[];
  assert.deepEqual(
    ['CAP_CHOWN', 'CAP_NET_RAW', 'CAP_SYS_TIME', 'CAP_SYS_BOOT', 'CAP_BPF'].map((name) =>
      bounding.includes(name),
    ),
    [true, true, true, false, false],
  );
  assert.ok(names(first, 'proved').includes('LockPersonality'));
  const waiting = [
    ...['ProtectSystem', 'ReadOnlyPaths', 'ProtectHome', 'PrivateTmp', 'ProcSubset', 'PrivateDevices'],
    ...[
      'MemoryDenyWriteExecute',
      'PrivateNetwork',
      'SocketBindDeny',
      'CapabilityBoundingSet',
      'NoNewPrivileges',
    ],
  ];
  assert.deepEqual(names(first, 'waiting'), waiting);
  const comment =
    "# Not stated yet: 'learn --promote' adds these lines after a day of work and a log rotation (1 of 2 seen).";
  assert.ok(
    first.text.includes(`\n${comment}\n# ProtectSystem = "strict"\n# ReadOnlyPaths = ["/run"]\n`),
    first.text,
  );
  const all = [
    learned(of, { awaited: AWAITED, options: { now: true } }),
    learned(of, { awaited: AWAITED.map((one) => ({ ...one, seen: true })) }),
    learned(of),
  ];
  for (const one of all) {
    assert.equal(directive(one.policy, 'ProtectSystem'), 'strict');
    assert.deepEqual(directive(one.policy, 'CapabilityBoundingSet'), ['CAP_CHOWN', 'CAP_SYS_TIME']);
    assert.deepEqual(names(one, 'waiting'), []);
  }
});

test('programs and settings that a service has changed stay writable while lines wait', () => {
  const system = (path: string) =>
    directive(
      learned(profile({ paths: paths('write', [path]) }), { awaited: AWAITED }).policy,
      'ProtectSystem',
    );
  assert.deepEqual(['/var/lib/x/y', '/etc/demo/state', '/usr/share/demo/cache', '/boot/x'].map(system), [
    'full',
    true,
    undefined,
    undefined,
  ]);
});

test("a unit's dynamic user has a stricter line already", () => {
  const { policy } = learned(profile(), { awaited: AWAITED, lines: 'DynamicUser=yes' });
  assert.equal(directive(policy, 'ProtectSystem'), undefined);
});

test('families of sockets that services commonly use stay open while lines wait', () => {
  const sockets = (family: number) =>
    learned(withCalls('socket', { arguments: [...STARTED, values('socket', [0, 1], [[family, 1]])] }), {
      awaited: AWAITED,
    });
  const first = sockets(2);
  assert.deepEqual(directive(first.policy, 'RestrictAddressFamilies'), [
    ...['AF_UNIX', 'AF_INET', 'AF_INET6', 'AF_NETLINK'],
  ]);
  assert.match(first.text, /^# RestrictAddressFamilies = \["AF_UNIX", "AF_INET", "AF_INET6"\]$/m);
});

test("a rare capability that a bounding set refused to root counts as used, another user's doesn't", () => {
  const refused = { name: 'CAP_SYSLOG', granted: false, count: 1, calls: ['syslog'] };
  const value = (lines = '') =>
    directive(learned(profile({ capabilities: [refused] }), { lines }).policy, 'CapabilityBoundingSet');
  assert.deepEqual([value(), value('User=demo')], [['CAP_SYSLOG'], '']);
});

test('a directive that is omitted is neither stated nor named, and what rests on it is open', () => {
  const of = profile({ paths: paths('create-in', ['/tmp']) });
  assert.equal(directive(learned(of).policy, 'PrivateTmp'), true);
  const { policy, text } = learned(of, { options: { omitted: new Set(['PrivateTmp', 'ProtectHome']) } });
  assert.doesNotMatch(text, /PrivateTmp|ProtectHome/);
  assert.deepEqual(directive(policy, 'ReadWritePaths'), ['/tmp']);
});

test('creating an existing directory is no need to write beside it', () => {
  const asked = [
    '/',
    '/var',
    '/run',
    '/run/x',
    '/var/log',
    '/var/lib',
    '/srv/app',
    '/etc/x',
    '/tmp',
    '/home/x',
  ];
  const exists = { paths: paths('change-directory', asked, { errno: 17 }) };
  assert.deepEqual(writable(exists), []);
});

test("a data directory inside a program's own is writable", () => {
  assert.deepEqual(writable({ paths: paths('change-directory', ['/var/lib/nginx'], { errno: 17 }) }), [
    '/var/lib/nginx',
  ]);
});

test('a socket makes its directory writable, which may be missing after a boot', () => {
  assert.deepEqual(writable({ peers: [unixPeer('/var/run/php/fpm.sock')] }), ['-/run/php']);
});

test('directories of the unit, of systemd and of the kernel, and homes, need no line', () => {
  const more = {
    paths: [
      ...paths('create-in', ['/var/lib/web/x', '/run/web', '/proc/1', '/dev/shm', '/srv/a', '/srv/b']),
      ...paths('create-in', ['/home/alice/mail', '/root/x', '/run/user/1000/x']),
    ],
  };
  const lines = 'StateDirectory=web\nRuntimeDirectory=web\nReadWritePaths=-/srv/a';
  assert.deepEqual(writable(more, lines), ['-/srv/a', '-/srv/b']);
});

test('files without a path are not counted as written', () => {
  assert.deepEqual(
    writable({ paths: paths('write', ['/memfd:x (deleted)', 'pipe:[12]', '/SYSV00000000']) }),
    [],
  );
});

test('a percent sign is escaped', () => {
  const more = { paths: paths('create-in', ['/srv/100%']) };
  assert.deepEqual(writable(more), ['-/srv/100%%']);
  learned(profile(more));
});

test('too many directories make no line', () => {
  const all = [...Array(17).keys()].map((i) => `/srv/${i}`);
  assert.equal(writable({ paths: paths('create-in', all) }), 'too many directories were changed');
  const { policy, text } = learned(profile({ paths: paths('create-in', all) }));
  assert.equal(directive(policy, 'ProtectSystem'), undefined);
  assert.equal(directive(policy, 'ReadWritePaths'), undefined);
  assert.match(text, /^# ProtectSystem = "strict": too many directories were changed\.$/m);
});

test('MemoryDenyWriteExecute is left out if an engine that generates code is reachable', () => {
  const codeMaker = '/usr/lib/postgresql/17/lib/llvmjit.so has LLVM, which generates code at run time';
  const { policy, text } = learned(profile(), { codeMaker });
  assert.equal(directive(policy, 'MemoryDenyWriteExecute'), undefined);
  assert.ok(text.includes(`# MemoryDenyWriteExecute = true: ${codeMaker}.\n`), text);
});

test('/tmp stays writable if it stays shared', () => {
  const made = [...paths('create-in', ['/tmp/a']), ...paths('change-directory', ['/tmp/a'])];
  const own = { paths: [...made, ...paths('write', ['/tmp/a/b'])] };
  const shared = { paths: [...own.paths, ...paths('read', ['/tmp/others'])] };
  const facts = (more: Partial<ProfilePart>, lines = '') =>
    new ProfileFacts(request(profile(more), { lines }));
  assert.deepEqual(writable(own), []);
  assert.deepEqual(writable(shared), ['/tmp']);
  assert.deepEqual(writable(shared, 'PrivateTmp=yes'), []);
  assert.equal(hasPrivateTmp(facts(shared)), false);
  assert.ok('not' in privateTmp(facts(shared)));
});

test("redis: no directive is weaker than the unit's, and its own paths stay", () => {
  const lines =
    'ProtectSystem=strict\nReadWritePaths=-/var/lib/redis\nReadWritePaths=-/run/redis\nPrivateTmp=yes\n' +
    'CapabilityBoundingSet=\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\nUMask=007';
  const of = withCalls('socket', {
    arguments: [...STARTED, values('socket', [0, 1], [[16, 3]])],
    paths: [...paths('create-in', ['/var/lib/redis']), ...paths('write', ['/var/log/redis/redis.log'])],
    modes: [0o640],
  });
  const { policy, text } = learned(of, { lines });
  for (const name of ['ProtectSystem', 'ReadWritePaths', 'PrivateTmp'])
    assert.equal(directive(policy, name), undefined, name);
  assert.deepEqual(directive(policy, 'RestrictAddressFamilies'), ['AF_UNIX']);
  assert.ok(!/^# (ProtectSystem|PrivateTmp|UMask)/m.test(text), text);
});

test("a socket that wasn't created, and may be, is the C library's: syslog(3) has one", () => {
  const { policy } = learned(profile(), { reachable: new Set(['socket']) });
  assert.deepEqual(directive(policy, 'RestrictAddressFamilies'), ['AF_UNIX']);
  assert.equal(directive(learned(profile()).policy, 'RestrictAddressFamilies'), 'none');
});

test("lists are no longer than the unit's", () => {
  const made = { forkFlags: [0x10020000] };
  const value = (lines: string, more: Partial<ProfilePart> = made) =>
    directive(learned(profile(more), { lines }).policy, 'RestrictNamespaces');
  assert.deepEqual(value('RestrictNamespaces=~mnt net'), ['user']);
  assert.equal(value('RestrictNamespaces=ipc'), true);
  const netlink = {
    ...withCalls('socket', { arguments: [...STARTED, values('socket', [0, 1], [[16, 3]])] }),
  };
  const { policy } = learned(netlink, { lines: 'RestrictAddressFamilies=AF_INET' });
  assert.equal(directive(policy, 'RestrictAddressFamilies'), 'none');
});

test('what the unit has already is no comment, even without proof', () => {
  const lost = profile({ lost: { misses: 1 } });
  const { text } = learned(lost, {
    lines: 'ProtectHome=yes\nProtectSystem=full\nRestrictAddressFamilies=AF_UNIX',
  });
  assert.ok(!/^# (ProtectHome|RestrictAddressFamilies)/m.test(text));
  assert.match(text, /^# ProtectSystem = "strict": 1 record of paths was lost\.$/m);
});

test("the unit's own value is not repeated", () => {
  assert.equal(directive(learned(profile(), { lines: 'ProtectHome=yes' }).policy, 'ProtectHome'), undefined);
  assert.equal(directive(learned(profile(), { lines: 'ProtectHome=no' }).policy, 'ProtectHome'), true);
});

test("a user's own service may use its home unless its unit says otherwise", () => {
  const target = targetOf(257, { scope: 'user' });
  const value = (lines: string) => directive(learned(profile(), { lines, target }).policy, 'ProtectHome');
  assert.deepEqual([value(''), value('WorkingDirectory=/srv')], [undefined, true]);
});

test("a user's own service has no IPC namespace, which its reload could not enter", () => {
  const { policy } = learned(profile(), { target: targetOf(257, { scope: 'user' }) });
  assert.equal(directive(policy, 'PrivateIPC'), undefined);
});

test('a directive that the target lacks is a comment', () => {
  const { policy, text } = learned(profile(), { target: targetOf(247) });
  assert.equal(directive(policy, 'PrivateIPC'), undefined);
  assert.match(text, /^# PrivateIPC = true: systemd 247 ignores 'PrivateIPC'\.$/m);
});

test('a directive is dropped with its exceptions: without them it would close what the service needs', () => {
  // Bytes that are no text, a character that turns the line, half a character, a control character.
  for (const name of ['/srv/a\ufffd', '/srv/\u202egpj.sh', '/srv/\ud800', '/srv/\x9b2J']) {
    const { policy, text } = learned(profile({ paths: paths('create-in', [name]) }));
    assert.deepEqual(
      [directive(policy, 'ProtectSystem'), directive(policy, 'ReadWritePaths')],
      [undefined, undefined],
    );
    assert.match(
      text,
      /^# ProtectSystem = "strict": a directory was changed whose name is not plain text\.$/m,
    );
  }
  const { kept, left } = keepGood(
    [
      { name: 'ProtectSystem', value: 'strict' },
      { name: 'ReadWritePaths', value: ['no path'] },
      { name: 'ProtectHome', value: true },
    ],
    request(profile()),
  );
  const names = kept.map(({ name }) => name);
  assert.deepEqual(names, ['ProtectHome']);
  const found = left.map(({ name }) => name);
  assert.deepEqual(found, ['ProtectSystem', 'ReadWritePaths']);
});

test('an exception is dropped with the rule that it belongs to', () => {
  const { policy } = learned(profile({ peers: [peer({})] }), { target: targetOf(247) });
  assert.deepEqual(
    [directive(policy, 'SocketBindDeny'), directive(policy, 'SocketBindAllow')],
    [undefined, undefined],
  );
});

test('directives are checked again when another one is dropped', () => {
  const asked = request(profile(), { lines: 'PrivateTmp=yes' });
  const { kept, left } = keepGood(
    [
      { name: 'PrivateTmp', value: false },
      { name: 'ProtectHome', value: true },
    ],
    asked,
  );
  assert.deepEqual(kept, [{ name: 'ProtectHome', value: true }]);
  assert.match(left[0]!.reason, /weaker than the unit's own setting/);
});

test('addresses are confined only on request', () => {
  const of = profile({
    peers: [
      peer({ use: 'accept', address: '::ffff:10.0.0.7' }),
      peer({ use: 'connect', address: '127.0.0.1' }),
    ],
  });
  assert.equal(directive(learned(of).policy, 'IPAddressAllow'), undefined);
  const { policy } = learned(of, { options: { addresses: true } });
  assert.deepEqual(directive(policy, 'IPAddressAllow'), ['10.0.0.7', 'localhost']);
  const many = profile({
    peers: [...Array(17).keys()].map((i) => peer({ use: 'accept', address: `10.0.0.${i}` })),
  });
  const { text } = learned(many, { options: { addresses: true } });
  assert.match(text, /^# IPAddressDeny = "any": too many addresses/m);
  // Words of a recording from elsewhere.
  for (const address of ['any', '0.0.0.0/0', '10.0.0.1 any']) {
    const others = { ...of, peers: [...of.peers, peer({ use: 'connect', address })] };
    const { policy: open } = learned(others, { options: { addresses: true } });
    assert.deepEqual(
      [directive(open, 'IPAddressAllow'), directive(open, 'IPAddressDeny')],
      [undefined, undefined],
    );
  }
});

test('lost or invisible evidence makes its directives comments, and no others', () => {
  const { policy, text } = learned(profile({ lost: { paths: 39 }, blind: ['capabilities'] }));
  for (const name of [
    'ProtectSystem',
    'ProtectHome',
    'PrivateTmp',
    'PrivateDevices',
    'CapabilityBoundingSet',
  ])
    assert.equal(directive(policy, name), undefined, name);
  for (const name of ['PrivateIPC', 'RestrictNamespaces', 'SocketBindDeny'])
    assert.notEqual(directive(policy, name), undefined, name);
  assert.match(text, /^# ProtectHome = true: 39 records of paths were lost\.$/m);
  assert.match(text, /^# CapabilityBoundingSet: this kernel doesn't report capabilities\.$/m);
});

test('a truncated path may be anywhere', () => {
  const { policy } = learned(profile({ paths: paths('read', ['/x/y'], { cut: true }) }));
  assert.equal(directive(policy, 'ProtectHome'), undefined);
});

test('a change by a name with .. is where it seems unless a link may come before it', () => {
  const value = (...more: ProfilePart['paths']) =>
    directive(learned(profile({ paths: more })).policy, 'ReadWritePaths');
  const change = paths('change-directory', ['/var/lib/a/../c']);
  assert.equal(value(...change), undefined);
  assert.deepEqual(value(...change, ...paths('read', ['/var/lib/a/x'])), ['/var/lib/c']);
  assert.deepEqual(value(...change, ...paths('reference', ['/var/lib/a'])), ['/var/lib/c']);
  assert.equal(value(...change, ...paths('stat', ['/var/lib/a/x'])), undefined);
  assert.deepEqual(value(...paths('change-attribute', ['/../srv/c'])), ['-/srv/c']);
  const { text } = learned(profile({ paths: change }));
  assert.match(text, /^# ProtectSystem = "strict": '\.\.' may follow a link in 1 path\.$/m);
});

test('directives about paths need a seen stop, even without a call: redis saves there', () => {
  const watches = [{ lives: 1, events: [] }];
  const value = (more: Partial<ProfilePart>) =>
    directive(learned(profile({ watches, ...more })).policy, 'ProtectSystem');
  assert.equal(value({}), undefined);
  const stopped = calls('exit_group', { phases: ['stop'] });
  assert.equal(value({ calls: [...profile().calls, ...stopped] }), 'strict');
  assert.equal(value({ watches: profile().watches }), 'strict');
  const { policy, text } = learned(profile({ watches }));
  assert.equal(directive(policy, 'LockPersonality'), true);
  assert.match(text, /^# ProtectHome = true: no stop was watched\.$/m);
});

test('a watch that began during a start proves no directive', () => {
  const { policy, text } = learned(profile({ watches: [{ lives: 0, events: [] }] }));
  assert.deepEqual(policy.service, []);
  assert.match(text, /^# LockPersonality = true: no start was watched\.$/m);
});

test('a watch without a start proves no directive', () => {
  const { policy } = learned(profile({ calls: calls('read', { phases: ['serving'] }) }));
  assert.deepEqual(policy.service, []);
});

test('a unit that gives sessions gets no directive, because each would apply to the sessions', () => {
  const { policy, text } = learned(profile(), { traits: new Set(['sessions']) });
  assert.deepEqual(policy.service, []);
  assert.match(
    text,
    /^# LockPersonality = true: programs that users run through the unit would inherit it\.$/m,
  );
  assert.equal(directive(learned(profile()).policy, 'LockPersonality'), true);
});

test('a server of homes keeps them, though no watch saw one used', () => {
  const homes = (traits: ReadonlySet<Trait>) =>
    directive(learned(profile(), { traits }).policy, 'ProtectHome');
  assert.deepEqual([homes(new Set()), homes(new Set(['homes']))], [true, undefined]);
});
