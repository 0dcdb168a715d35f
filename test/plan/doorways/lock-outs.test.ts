/** Tests of plan/doorways/lock-outs.ts and all of plan/doorways/: what is taken, told and understood. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockOuts } from '../../../src/plan/doorways/lock-outs.js';
import { NEEDS, type NeedName } from '../../../src/plan/doorways/needs.js';
import { ROLES } from '../../../src/plan/doorways/roles.js';
import { SERVER_ROLES } from '../../../src/plan/doorways/server-roles.js';
import { mergePolicies } from '../../../src/policy/merge.js';
import { asPermissive } from '../../../src/policy/permissive.js';
import type { Policy } from '../../../src/policy/policy.js';
import { effectiveUnit } from '../../../src/unit/effective.js';
import { execKeys } from '../../../src/unit/exec/keys.js';
import { parseUnitName, type UnitName } from '../../../src/unit/name.js';
import { parseUnitFile } from '../../../src/unit/unit-file.js';
import { makePlan, targetOf } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';

const SSHD = 'ExecStart=/usr/sbin/sshd -D';
const CRON = 'ExecStart=/usr/sbin/cron -f';

const placesOf = (folder: string) => ({
  dropIn: `${folder}/zz-sandbox-unit.conf`,
  filterFile: `${folder}/zz-sandbox-unit.filter`,
  readyFile: `${folder}/zz-sandbox-unit.ready-filter`,
});

const planOf = (
  policy: string | Policy,
  lines: string,
  {
    target = targetOf(257),
    unit = 'x.service',
    transient = false,
    sockets = [] as string[],
    hands = true,
  } = {},
) =>
  makePlan({
    unit: parseUnitName(unit) as UnitName,
    effective: effectiveUnit([parseUnitFile(unit, `[Service]\n${lines}`)], execKeys(target.systemd)),
    policy: typeof policy === 'string' ? policyFrom(policy) : policy,
    target,
    surroundings: {
      allowed: new Map(),
      sockets: new Map(
        sockets.map((name) => [name, { denied: [], allowed: [], interfaces: [], isolated: false, hands }]),
      ),
    },
    places: transient ? undefined : placesOf(`/etc/systemd/system/${unit}.d`),
    usable: true,
  });

/** The findings on a policy for a unit with these lines in `[Service]`: severity, place and message. */
const told = (...given: Parameters<typeof planOf>) =>
  planOf(...given)
    .diagnostics.filter(({ code }) => code === 'locks-out')
    .map(({ severity, at, message }) => `${severity} ${at?.line}:${at?.column} ${message}`);

const NO_EXEC = '[syscalls]\ndeny = ["execve", "execveat"]\naction = "EPERM"\n';

/** For each role a policy that takes something of its units, and the message. */
const TAKEN: readonly [lines: string, policy: string, said: string][] = [
  [
    SSHD,
    NO_EXEC,
    "2:9 'deny execve' on x.service: nobody could log in, as no shell would start; it keeps the service from executing programs",
  ],
  [
    'ExecStart=-/sbin/agetty - $TERM',
    '[service]\nPrivateDevices = true',
    "2:1 'PrivateDevices' on x.service: nobody could log in at the console, as its terminal would be missing; it hides terminals",
  ],
  [
    'ExecStart=/usr/sbin/dropbear -F',
    '[service]\nSocketBindDeny = ["ipv4:tcp:22"]',
    "2:1 'SocketBindDeny' on x.service: people would not get in by the network; it closes the network to the service, or one of IPv4 and IPv6",
  ],
  [
    'ExecStart=/usr/sbin/lightdm',
    '[service]\nProtectHome = "tmpfs"',
    "2:1 'ProtectHome' on x.service: people who log in would not have their homes; it closes homes",
  ],
  [
    'ExecStart=/usr/libexec/cockpit-ws',
    '[service]\nPrivateNetwork = true',
    "2:1 'PrivateNetwork' on x.service: people would not get in by the network; it closes the network to the service, or one of IPv4 and IPv6",
  ],
  [
    'ExecStart=/usr/libexec/cockpit-session',
    '[service]\nPrivateUsers = true',
    "2:1 'PrivateUsers' on x.service: nobody could log in as anybody; it keeps the service from becoming another user",
  ],
  [
    CRON,
    NO_EXEC,
    "2:9 'deny execve' on x.service: no job would run; it keeps the service from executing programs",
  ],
  [
    'ExecStart=/usr/sbin/anacron -d',
    '[service]\nProtectSystem = "strict"',
    "2:1 'ProtectSystem' on x.service: jobs could not write below /var; it closes /var",
  ],
  [
    'ExecStart=/usr/lib/systemd/systemd-logind',
    '[service]\nPrivatePIDs = true',
    "2:1 'PrivatePIDs' on x.service: it could not tell who asks; it hides the machine's processes",
  ],
  [
    'ExecStart=/usr/lib/systemd/systemd-user-runtime-dir start %i',
    '[syscalls]\ndeny = ["@mount"]',
    "2:9 'deny @mount' on x.service: people who log in would have no /run/user/UID; it keeps the service from mounting",
  ],
  [
    'ExecStart=/usr/lib/systemd/systemd --user\nUser=%i\nPAMName=systemd-user',
    '[service]\nNoNewPrivileges = true',
    "2:1 'NoNewPrivileges' on x.service: sudo and su would fail on desktops; it makes set-user-ID bits ineffective",
  ],
  [
    'ExecStart=/usr/lib/polkit-1/polkitd',
    '[service]\nRestrictAddressFamilies = ["AF_INET"]',
    "2:1 'RestrictAddressFamilies' on x.service: nobody but root would be granted anything; it closes Unix sockets to the service",
  ],
  [
    'ExecStart=/usr/lib/polkit-1/polkit-agent-helper-1',
    rule('AF_UNIX', 'allow'),
    "4:12 'rule on socket' on x.service: nobody would be granted anything by a password; it closes the kernel's audit log to the service",
  ],
  [
    'ExecStart=/usr/sbin/sssd -i',
    NO_EXEC,
    "2:9 'deny execve' on x.service: accounts that it serves could not log in; it keeps the service from executing programs",
  ],
  [
    'ExecStart=/usr/bin/dbus-daemon',
    '[service]\nInaccessiblePaths = ["/etc"]',
    "2:1 'InaccessiblePaths' on x.service: the bus would know neither its rules nor its users; it hides /etc or the list of accounts",
  ],
  [
    'ExecStart=/usr/sbin/NetworkManager',
    '[service]\nCapabilityBoundingSet = ["~CAP_NET_ADMIN"]',
    "2:1 'CapabilityBoundingSet' on x.service: the machine may lose its network; it takes the machine's network from the service",
  ],
  [
    'ExecStart=/sbin/ifup -a',
    '[service]\nProtectKernelTunables = true',
    "2:1 'ProtectKernelTunables' on x.service: the machine may lose its network, as its settings in /proc/sys could not be written; it closes /proc/sys and /sys to writes",
  ],
  [
    'ExecStart=/usr/lib/systemd/systemd-resolved',
    '[service]\nIPAddressDeny = ["any"]\nIPAddressAllow = ["localhost"]',
    "2:1 'IPAddressDeny' on x.service: no name would be resolved; it closes the network to the service",
  ],
  [
    'ExecStart=/usr/bin/apt-get update',
    '[service]\nRestrictSUIDSGID = true',
    "2:1 'RestrictSUIDSGID' on x.service: packages with set-user-ID programs could not be installed; it keeps the service from setting set-user-ID bits",
  ],
  [
    'ExecStart=/usr/bin/puppet agent',
    '[service]\nProtectSystem = true',
    "2:1 'ProtectSystem' on x.service: the machine could not be configured any more; it closes /usr, /etc or /var",
  ],
  [
    'ExecStart=/usr/sbin/qemu-ga',
    '[service]\nReadOnlyPaths = ["/home"]',
    "2:1 'ReadOnlyPaths' on x.service: nobody could be given a key for ssh from outside; it closes homes",
  ],
  [
    'ExecStart=/usr/bin/dockerd',
    '[service]\nRestrictNamespaces = ["net"]',
    "2:1 'RestrictNamespaces' on x.service: no container would start; it keeps the service from making namespaces",
  ],
  [
    'ExecStart=/usr/bin/dockerd',
    '[service]\nProtectControlGroups = true',
    "2:1 'ProtectControlGroups' on x.service: no container would start; it makes control groups read-only",
  ],
  [
    'ExecStart=/usr/lib/systemd/systemd-udevd',
    '[service]\nProtectKernelModules = true',
    "2:1 'ProtectKernelModules' on x.service: devices would lack their drivers; it closes kernel modules to the service",
  ],
  [
    'ExecStart=/usr/sbin/multipathd -d',
    '[service]\nDevicePolicy = "closed"',
    "2:1 'DevicePolicy' on x.service: file systems would not be found at the next boot; it hides devices",
  ],
];

for (const [lines, policy, said] of TAKEN) {
  test(`${lines.split('\n')[0]}: ${policy.split('\n')[1]} is refused`, () => {
    assert.deepEqual(told(policy, lines), [`error ${said}`]);
    assert.deepEqual(told(`${policy}\n[apply]\nunderstood = ["locks-out"]`, lines), [`warning ${said}`]);
    const own = policy.startsWith('[service]') ? ownLines(policy) : '';
    if (own) assert.deepEqual(told(policy, `${lines}\n${own}`), [], 'the unit has it already');
    assert.deepEqual(told(policy, 'ExecStart=/usr/sbin/nginx'), [], 'another service');
  });
}

/** A policy's first directive as a line of the unit. */
const ownLines = (policy: string): string => {
  const { service } = policyFrom(policy);
  return service.map(({ name, value }) => `${name}=${[value].flat().join(' ')}`).join('\n');
};

test('it is noted that logins inherit what holds the service, and jobs do not', () => {
  const codes = (lines: string) =>
    planOf('[syscalls]\ndeny = ["reboot"]\n', lines).diagnostics.map(
      ({ severity, code }) => `${severity} ${code}`,
    );
  assert.ok(codes(SSHD).includes('note logins-inherit'));
  const { diagnostics } = planOf('[service]\nProtectClock = true\n', SSHD);
  const noted = diagnostics.find(({ code }) => code === 'logins-inherit');
  assert.match(noted?.hint ?? '', /systemd-run --wait --pipe sandbox-unit verify/);
  assert.ok(!codes(CRON).includes('note logins-inherit'));
});

test('each role is among those that are tried, and each need is of some role', () => {
  const tried = TAKEN.map(([lines]) => lines);
  const missing = ROLES.filter(
    ({ programs, pamNames = [] }) =>
      !tried.some(
        (lines) =>
          programs.some((program) => lines.includes(`/${program}`)) ||
          pamNames.some((name) => lines.includes(`PAMName=${name}`)),
      ),
  );
  assert.deepEqual(missing, []);
  const of = [...ROLES, ...SERVER_ROLES].flatMap((role) => Object.keys(role.needs));
  const needs = new Set([...of, ...NEEDS_OF_PAM]);
  assert.deepEqual([...needs].sort(), Object.keys(NEEDS).sort());
});

/** Needs that programs have by PAM alone. */
const NEEDS_OF_PAM = ['passwords'];

/** For each need: lines that take it, and like ones that don't. */
const NEEDED: Readonly<Record<NeedName, { takes: readonly string[]; leaves: readonly string[] }>> = {
  accounts: {
    takes: [
      'InaccessiblePaths = ["/etc/passwd"]',
      'TemporaryFileSystem = ["/etc:ro"]',
      'RootDirectory = "/srv/root"',
    ],
    leaves: ['InaccessiblePaths = ["/etc/x"]', 'ReadOnlyPaths = ["/etc"]'],
  },
  administration: {
    takes: ['CapabilityBoundingSet = ["CAP_CHOWN"]', 'PrivateUsers = true', 'User = "web"'],
    leaves: ['CapabilityBoundingSet = ["CAP_SYS_ADMIN"]', 'CapabilityBoundingSet = ["~CAP_CHOWN"]'],
  },
  audit: {
    takes: [],
    leaves: ['CapabilityBoundingSet = ["CAP_CHOWN"]', 'RestrictAddressFamilies = ["AF_UNIX"]'],
  },
  clock: {
    takes: ['ProtectClock = true', 'CapabilityBoundingSet = ["CAP_CHOWN"]'],
    leaves: ['CapabilityBoundingSet = ["CAP_SYS_TIME"]', 'PrivateDevices = true'],
  },
  consoles: {
    takes: [
      ...['PrivateDevices = true', 'DeviceAllow = ["/dev/null rw"]', 'DeviceAllow = ["/dev/dri/card0"]'],
      ...[
        'InaccessiblePaths = ["/dev/tty1"]',
        'InaccessiblePaths = ["-/dev/console"]',
        'DevicePolicy = "closed"',
      ],
    ],
    leaves: [
      ...[
        'DeviceAllow = ["/dev/ttyS0 rw"]',
        'DeviceAllow = ["char-tty"]',
        'InaccessiblePaths = ["/dev/mem"]',
      ],
      'DevicePolicy = "closed"\nDeviceAllow = ["/dev/tty1 rw"]',
    ],
  },
  devices: {
    takes: [
      'DeviceAllow = ["/dev/null"]',
      'PrivateDevices = true',
      'DevicePolicy = "strict"',
      'InaccessiblePaths = ["/dev"]',
    ],
    leaves: ['DevicePolicy = "closed"\nDeviceAllow = ["/dev/tty1 rw"]', 'DevicePolicy = "auto"'],
  },
  exec: {
    takes: [
      'NoExecPaths = ["/"]',
      'NoExecPaths = ["/"]\nExecPaths = ["/usr/sbin"]',
      ...[
        'NoExecPaths = ["/usr/bin/bash", "/usr/bin/dash"]',
        'NoExecPaths = ["/bin/sh"]',
        'InaccessiblePaths = ["/bin"]',
      ],
      ...[
        'BindPaths = ["/opt/empty:/usr/bin"]',
        'MountImages = ["/opt/x.raw:/usr"]',
        'TemporaryFileSystem = ["/bin"]',
      ],
      'InaccessiblePaths = ["/usr"]',
    ],
    leaves: [
      ...[
        'NoExecPaths = ["/"]\nExecPaths = ["/usr"]',
        'NoExecPaths = ["/home"]',
        'BindPaths = ["/usr/bin:/bin"]',
      ],
      ...['NoExecPaths = ["/usr"]\nExecPaths = ["/bin"]', 'BindPaths = ["/opt/x:/usr/bin/x"]'],
      'BindPaths = ["/opt/usr:/usr", "/usr/bin"]',
    ],
  },
  gain: {
    takes: ['NoNewPrivileges = true', 'SecureBits = ["noroot"]'],
    leaves: ['NoNewPrivileges = false', 'RestrictSUIDSGID = true', 'SecureBits = ["keep-caps"]'],
  },
  groups: { takes: ['ProtectControlGroups = true'], leaves: ['ProtectControlGroups = false'] },
  homes: {
    takes: [
      ...['ProtectHome = true', 'ProtectHome = "read-only"', 'ReadOnlyPaths = ["/"]'],
      ...['InaccessiblePaths = ["-/home"]', 'TemporaryFileSystem = ["/root"]', 'RootImage = "/x.raw"'],
      ...['ReadOnlyPaths = ["/"]\nReadWritePaths = ["/home"]'],
      ...[
        'ProtectHome = true\nBindPaths = ["/home", "/root"]',
        'BindPaths = ["/opt/empty:/home"]',
        'BindReadOnlyPaths = ["/root"]',
      ],
    ],
    leaves: [
      ...['ProtectHome = false', 'ProtectSystem = "full"', 'InaccessiblePaths = ["/home/bob"]'],
      ...['ProtectSystem = "strict"', 'ReadOnlyPaths = ["/"]\nReadWritePaths = ["/home", "/root"]'],
      ...['ProtectHome = "tmpfs"\nBindPaths = ["/home", "/root"]', 'BindPaths = ["/srv/bob:/home/bob"]'],
      ...['TemporaryFileSystem = ["/"]\nBindPaths = ["/home", "/root"]'],
    ],
  },
  identity: {
    takes: [
      ...['CapabilityBoundingSet = ["~CAP_SETGID"]', 'PrivateUsers = true', 'User = "web"'],
      'PrivateUsers = "identity"',
    ],
    leaves: [
      'PrivateUsers = "full"',
      'User = "root"',
      'CapabilityBoundingSet = ["CAP_SETUID", "CAP_SETGID"]',
    ],
  },
  'kernel-log': {
    takes: ['ProtectKernelLogs = true', 'InaccessiblePaths = ["/proc/kmsg"]'],
    leaves: ['CapabilityBoundingSet = ["CAP_SYSLOG"]', 'ProtectKernelTunables = true'],
  },
  listening: {
    takes: [
      ...['PrivateNetwork = true', 'SocketBindDeny = ["any"]', 'SocketBindDeny = ["ipv4:tcp:22"]'],
      ...['SocketBindDeny = ["tcp:1-1023"]', 'SocketBindDeny = ["any"]\nSocketBindAllow = ["ipv6:tcp:22"]'],
      ...['SocketBindDeny = ["ipv6"]', 'IPAddressDeny = ["::/0"]', 'IPAddressDeny = ["0.0.0.0/0"]'],
      ...['RestrictAddressFamilies = ["AF_INET"]', 'RestrictAddressFamilies = ["~AF_INET"]'],
    ],
    leaves: [
      ...[
        'RestrictAddressFamilies = ["AF_INET", "AF_INET6"]',
        'SocketBindDeny = ["80"]',
        'SocketBindDeny = ["udp"]',
      ],
      ...[
        'SocketBindDeny = ["any"]\nSocketBindAllow = ["22"]',
        'SocketBindDeny = ["any"]\nSocketBindAllow = ["2222"]',
      ],
      ...['IPAddressDeny = ["any"]\nIPAddressAllow = ["10.0.0.0/8"]', 'IPAddressDeny = ["multicast"]'],
    ],
  },
  local: {
    takes: ['RestrictAddressFamilies = "none"', 'RestrictAddressFamilies = ["~AF_UNIX"]'],
    leaves: ['RestrictAddressFamilies = ["AF_UNIX"]', 'RestrictAddressFamilies = ["~AF_INET"]'],
  },
  modules: { takes: ['ProtectKernelModules = true'], leaves: ['ProtectKernelLogs = true'] },
  mounts: { takes: [], leaves: ['PrivateTmp = true'] },
  namespaces: {
    takes: ['RestrictNamespaces = true', 'RestrictNamespaces = ["~pid"]'],
    leaves: ['RestrictNamespaces = ["~user"]', 'RestrictNamespaces = ["mnt", "pid"]'],
  },
  netadmin: {
    takes: [
      ...['PrivateNetwork = true', 'CapabilityBoundingSet = ["CAP_SETUID"]', 'DynamicUser = true'],
      ...['PrivateUsers = true', 'PrivateUsers = "identity"', 'User = "web"'],
      ...['User = "web"\nAmbientCapabilities = ["CAP_NET_RAW"]'],
    ],
    leaves: [
      ...['CapabilityBoundingSet = ["CAP_NET_ADMIN"]', 'PrivateUsers = false', 'User = "root"'],
      ...['User = "web"\nAmbientCapabilities = ["CAP_NET_ADMIN"]'],
    ],
  },
  netlink: {
    takes: ['RestrictAddressFamilies = ["AF_UNIX"]'],
    leaves: ['RestrictAddressFamilies = ["AF_NETLINK"]'],
  },
  outside: {
    takes: ['PrivateNetwork = true', 'IPAddressDeny = ["any"]', 'RestrictAddressFamilies = ["AF_UNIX"]'],
    leaves: ['SocketBindDeny = ["any"]', 'RestrictAddressFamilies = ["AF_INET"]'],
  },
  ownership: {
    takes: ['CapabilityBoundingSet = ["~CAP_FOWNER"]', 'PrivateUsers = true', 'User = "web"'],
    leaves: ['CapabilityBoundingSet = ["~CAP_SYS_PTRACE"]', 'PrivateUsers = "identity"'],
  },
  passwords: {
    takes: [
      'InaccessiblePaths = ["/etc/shadow"]',
      'InaccessiblePaths = ["/lib/x86_64-linux-gnu/security"]',
      'TemporaryFileSystem = ["/etc"]',
    ],
    leaves: ['InaccessiblePaths = ["/etc/ssh"]', 'ReadOnlyPaths = ["/etc"]'],
  },
  pids: { takes: ['PrivatePIDs = true'], leaves: ['PrivatePIDs = false'] },
  ports: {
    takes: ['SocketBindDeny = ["any"]', 'SocketBindDeny = ["tcp:53"]'],
    leaves: ['SocketBindDeny = ["80"]'],
  },
  reach: {
    takes: [
      ...[
        'PrivateNetwork = true',
        'RestrictAddressFamilies = ["AF_UNIX"]',
        'NetworkNamespacePath = "/run/netns/x"',
      ],
      ...[
        'RestrictAddressFamilies = ["AF_INET6"]',
        'RestrictNetworkInterfaces = ["lo"]',
        'IPAddressDeny = ["0.0.0.0/0"]',
      ],
      'IPAddressDeny = ["any"]\nIPAddressAllow = ["localhost", "multicast"]',
      ...['IPAddressDeny = ["any"]', 'IPAddressDeny = ["0.0.0.0/0", "::/0"]\nIPAddressAllow = ["127.0.0.1"]'],
    ],
    leaves: [
      ...['IPAddressDeny = ["any"]\nIPAddressAllow = ["10.0.0.0/8"]', 'IPAddressDeny = ["10.0.0.0/8"]'],
      ...['SocketBindDeny = ["any"]', 'RestrictAddressFamilies = ["AF_INET"]', 'IPAddressDeny = ["::/0"]'],
      ...['RestrictNetworkInterfaces = ["eth0"]', 'RestrictNetworkInterfaces = ["~lo"]'],
    ],
  },
  record: {
    takes: ['CapabilityBoundingSet = ["~CAP_AUDIT_WRITE"]', 'PrivateUsers = "identity"', 'User = "web"'],
    leaves: ['CapabilityBoundingSet = ["~CAP_AUDIT_READ"]'],
  },
  separation: {
    takes: [
      ...['CapabilityBoundingSet = ["~CAP_SYS_CHROOT"]', 'InaccessiblePaths = ["/usr/lib/openssh"]'],
      ...['NoExecPaths = ["/usr/libexec"]', 'NoExecPaths = ["/lib/openssh"]'],
    ],
    leaves: ['CapabilityBoundingSet = ["~CAP_SYS_PTRACE"]', 'InaccessiblePaths = ["/usr/lib/apache2"]'],
  },
  sessions: { takes: [], leaves: ['LockPersonality = true'] },
  setid: { takes: ['RestrictSUIDSGID = true'], leaves: ['NoNewPrivileges = true'] },
  settings: { takes: ['ProtectSystem = "full"'], leaves: ['ProtectSystem = true'] },
  state: { takes: ['ReadOnlyPaths = ["/var"]'], leaves: ['ReadOnlyPaths = ["/var/lib/x"]'] },
  system: {
    takes: ['ProtectSystem = true'],
    leaves: ['ProtectSystem = false', 'ReadOnlyPaths = ["/boot"]'],
  },
  terminals: {
    takes: [
      'CapabilityBoundingSet = ["~CAP_CHOWN"]',
      'InaccessiblePaths = ["/dev/ptmx"]',
      'TemporaryFileSystem = ["/dev/pts"]',
    ],
    leaves: ['CapabilityBoundingSet = ["~CAP_SYS_PTRACE"]', 'PrivateDevices = true'],
  },
  tunables: {
    takes: ['ProtectKernelTunables = true', 'User = "web"'],
    leaves: ['ProtectKernelLogs = true', 'PrivateUsers = true'],
  },
};

/** Findings for a role that has one need alone. */
const ofNeed = (need: NeedName, policy: string, lines = 'ExecStart=/x', target = targetOf(257)) =>
  lockOuts(
    { name: 'jobs', programs: [], needs: { [need]: 'gone' } },
    {
      unit: parseUnitName('x.service') as UnitName,
      effective: effectiveUnit([parseUnitFile('x.service', `[Service]\n${lines}`)]),
      policy: policyFrom(policy),
      target,
    },
    { meaning: undefined, launcher: undefined },
  );

for (const [need, { takes, leaves }] of Object.entries(NEEDED)) {
  test(`${need}: told where it is taken, and nowhere else`, () => {
    for (const lines of takes) {
      const found = ofNeed(need as NeedName, `[service]\n${lines}`);
      assert.deepEqual(
        found.map(({ message, at }) => [message, at?.line]),
        [[`'${lines.split(' ')[0]}' on x.service: gone; it ${NEEDS[need as NeedName].taken}`, 2]],
        lines,
      );
    }
    for (const lines of leaves) assert.deepEqual(ofNeed(need as NeedName, `[service]\n${lines}`), [], lines);
  });
}

/** Needs, and `[syscalls]` that take them, with the line that is blamed; or that leave them. */
const CALLS: readonly [lines: string, syscalls: string, blamed: string | undefined][] = [
  [SSHD, 'deny = ["@setuid"]', "2:9 'deny @setuid'"],
  [SSHD, 'deny = ["setuid", "setgid"]', undefined],
  [SSHD, 'deny = ["setuid", "setresuid"]', "2:9 'deny setuid'"],
  [SSHD, 'deny = ["clone", "fork", "vfork"]', undefined],
  [SSHD, 'deny = ["clone", "fork", "vfork", "clone3"]', "2:9 'deny clone'"],
  [SSHD, 'deny = ["execve:log"]', undefined],
  [SSHD, 'allow = ["@system-service"]\ndeny = ["execve"]', "3:9 'deny execve'"],
  [SSHD, 'allow = ["@system-service", "chroot"]', undefined],
  [SSHD, 'allow = ["@system-service"]', "2:10 'allow without chroot'"],
  [SSHD, 'deny = ["@mount"]', "2:9 'deny @mount'"],
  [SSHD, 'deny = ["@resources"]', "2:9 'deny @resources'"],
  [SSHD, 'deny = ["setsid"]', "2:9 'deny setsid'"],
  [SSHD, 'deny = ["setsid"]\naction = "EPERM"', undefined],
  [SSHD, 'allow = ["@system-service", "chroot"]\ndeny = ["@chown"]', "3:9 'deny @chown'"],
  [SSHD, 'allow = ["@system-service", "chroot"]\ndeny = ["fchownat"]', "3:9 'deny fchownat'"],
  [
    SSHD,
    'allow = ["@basic-io", "@io-event", "@network-io", "@process", "@setuid", "@sandbox", "chroot"]',
    undefined,
  ],
  [SSHD, 'deny = ["setrlimit"]', undefined],
  [SSHD, 'deny = ["prlimit64"]', "2:9 'deny prlimit64'"],
  [SSHD, 'deny = ["@chown"]', "2:9 'deny @chown'"],
  [SSHD, 'deny = ["@swap", "@module"]', undefined],
  [CRON, 'deny = ["setsid"]', "2:9 'deny setsid'"],
  [CRON, 'deny = ["pipe", "pipe2"]', "2:17 'deny pipe2'"],
  [CRON, 'deny = ["pipe"]', undefined],
  [CRON, 'deny = ["chroot", "mount"]', undefined],
  [CRON, 'allow = ["@basic-io"]', "2:10 'allow without clone'"],
  [CRON, rule('AF_UNIX', 'allow'), "4:12 'rule on socket'"],
  [CRON, rule('AF_NETLINK', 'allow'), undefined],
  [CRON, rule('AF_NETLINK', 'EPERM'), "4:12 'rule on socket'"],
  [CRON, rule('AF_NETLINK', 'EAFNOSUPPORT'), undefined],
  [CRON, rule('AF_PACKET', 'kill'), undefined],
];

/** A section with a rule about the family of sockets. */
function rule(family: string, action: string): string {
  return `[syscalls]\naction = "EPERM"\n\n[[syscalls.rules]]\nsyscall = "socket"\nwhen = [{ arg = 0, eq = "${family}" }]\naction = "${action}"`;
}

for (const [lines, syscalls, blamed] of CALLS) {
  test(`${lines}: ${syscalls.replaceAll('\n', ' ')}: ${blamed ?? 'nothing is taken'}`, () => {
    const said = told(syscalls.startsWith('[') ? syscalls : `[syscalls]\n${syscalls}`, lines).map(
      (one) => one.split(' on x.service')[0],
    );
    assert.equal(said[0], blamed === undefined ? undefined : `error ${blamed}`);
  });
}

test('calls that the unit itself refuses, or that are let through and recorded, are not taken', () => {
  const policy = '[syscalls]\ndeny = ["setgroups"]';
  assert.equal(told(policy, SSHD).length, 1);
  assert.deepEqual(told(policy, `${SSHD}\nSystemCallFilter=~setgroups`), []);
  assert.deepEqual(told(asPermissive(policyFrom(NO_EXEC)), SSHD), []);
});

test('[ready] takes what a unit needs while it serves, on top of [syscalls] or alone', () => {
  const ready = '[ready]\ndeny = ["execve", "execveat"]\nreload = true\n';
  const said = (line: number) =>
    `error ${line}:9 'deny execve' on x.service: nobody could log in, as no shell would start; it keeps the service from executing programs`;
  assert.deepEqual(told(ready, SSHD), [said(2)]);
  assert.deepEqual(told(`[syscalls]\ndeny = ["uname"]\n${ready}`, SSHD), [said(4)]);
  assert.equal(
    told('[ready]\nallow = ["accept4", "socket"]\n', CRON)[0],
    "error 2:10 'allow without execve' on x.service: no job would run; it keeps the service from executing programs",
  );
  assert.deepEqual(told(asPermissive(policyFrom(ready)), SSHD), []);
  assert.deepEqual(
    told(`${ready}[apply]\nunderstood = ["locks-out"]\n`, SSHD),
    [said(2)].map((text) => text.replace('error', 'warning')),
  );
  const noSocket = 'deny = ["socket"]\n';
  assert.equal(told(`[syscalls]\n${noSocket}`, 'BusName=org.freedesktop.login1').length, 1);
  assert.deepEqual(told(`[ready]\n${noSocket}`, 'BusName=org.freedesktop.login1'), []);
  // A directive takes as much whenever the filter comes: it is told once.
  assert.equal(told(`${ready}[service]\nProtectHome = true\n`, SSHD).length, 2);
});

test('the launcher sets no_new_privs where it has to, which is told', () => {
  const policy = '[syscalls]\ndeny = ["uname"]\nenforcer = "launcher"';
  assert.deepEqual(told(policy, SSHD), []);
  const plan = planOf(policy, SSHD);
  assert.equal(plan.filter!.noNewPrivileges, false);
  assert.ok(!plan.directives.some(({ name }) => name === 'NoNewPrivileges'));
  const other = planOf(policy, 'ExecStart=/usr/sbin/nginx');
  assert.equal(other.filter!.noNewPrivileges, true);
  assert.equal(planOf(policy, `${SSHD}\nNoNewPrivileges=yes`).filter!.noNewPrivileges, true);
  const bounded = `${SSHD}\nCapabilityBoundingSet=~CAP_SYS_ADMIN`;
  assert.deepEqual(told(policy, bounded), [
    "error 1:2 '[syscalls]' on x.service: sudo, su and passwd would fail for people who log in; it makes set-user-ID bits ineffective",
  ]);
  assert.equal(planOf(policy, bounded).filter!.noNewPrivileges, true);
  const ours = `${policy}\n[service]\nCapabilityBoundingSet = ["~CAP_SYS_ADMIN"]`;
  assert.deepEqual(
    told(ours, SSHD).map((one) => one.split(' on ')[0]),
    ["error 5:1 'CapabilityBoundingSet'"],
  );
  assert.deepEqual(told(`${ours}\nNoNewPrivileges = false`, SSHD), []);
});

test('before systemd 255 a filter took set-user-ID bits from a service of another user than root', () => {
  const own = 'ExecStart=/x\nUser=%i';
  const at = (systemd: number, lines: string) =>
    ofNeed('gain', '[service]\nLockPersonality = true', lines, targetOf(systemd)).length;
  assert.deepEqual([at(252, own), at(257, own), at(252, 'ExecStart=/x')], [1, 0, 0]);
});

test('a socket unit keeps a service within reach', () => {
  const policy = '[service]\nPrivateNetwork = true';
  assert.equal(told(policy, SSHD).length, 1);
  assert.deepEqual(told(policy, SSHD, { sockets: ['ssh.socket'] }), []);
  assert.equal(
    told(policy, SSHD, { sockets: ['ssh.socket'], hands: false }).length,
    1,
    'a socket that is down',
  );
});

test('a transient unit, and one of a user, has no role', () => {
  assert.deepEqual(told(NO_EXEC, SSHD, { transient: true }), []);
  assert.deepEqual(told(NO_EXEC, SSHD, { target: targetOf(257, { scope: 'user' }) }), []);
});

test('every line that takes something is told, with the way out', () => {
  const policy = `${NO_EXEC}[service]\nProtectHome = true\nNoNewPrivileges = true\nInaccessiblePaths = ["/root"]`;
  const found = planOf(policy, SSHD, { unit: 'ssh.service' }).diagnostics.filter(
    ({ code }) => code === 'locks-out',
  );
  assert.deepEqual(
    found.map(({ at }) => at?.line),
    [2, 5, 7, 6],
  );
  for (const { hint } of found) assert.match(hint!, /understood = \["locks-out"\] in \[apply\]/);
});

test('bases say what is understood for those that extend them', () => {
  const base = policyFrom('[apply]\nunderstood = ["locks-out"]');
  const [said, ...others] = told(mergePolicies([base], policyFrom(NO_EXEC)), SSHD);
  assert.match(said!, /^warning/);
  assert.deepEqual(others, []);
});
