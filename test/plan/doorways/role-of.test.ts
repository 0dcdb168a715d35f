import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Known, roleOf } from '../../../src/plan/doorways/role-of.js';
import { ROLES } from '../../../src/plan/doorways/roles.js';
import { effectiveUnit } from '../../../src/unit/effective.js';
import { parseUnitName, type UnitName } from '../../../src/unit/name.js';
import { parseUnitFile } from '../../../src/unit/unit-file.js';

const role = (lines: string, unit = 'x.service', more = '', known: Partial<Known> = {}) =>
  roleOf({
    unit: parseUnitName(unit) as UnitName,
    effective: effectiveUnit([parseUnitFile('x.service', `[Service]\n${lines}\n${more}`)]),
    ...known,
  })?.name;

/** Lines of units as Debian 13 and Fedora 42 have them, and of scripts that start such a program. */
const KNOWN: readonly [lines: string, role: string | undefined][] = [
  ['ExecStart=/usr/sbin/sshd -D $SSHD_OPTS', 'login'],
  ['ExecStart=-/usr/sbin/sshd -i $SSHD_OPTS', 'login'],
  ['ExecStart=-/sbin/agetty -o "-- \\u" --noreset --noclear - $TERM', 'login'],
  ['ExecStart=/usr/sbin/gdm3', 'login'],
  ['ExecStart=@/usr/bin/dbus-daemon @dbus-daemon --system --address=systemd:', 'bus'],
  ['ExecStart=/usr/lib/systemd/systemd-logind', 'sessions'],
  ['ExecStart=/usr/lib/systemd/systemd --user\nPAMName=systemd-user', 'sessions'],
  ['ExecStart=/usr/lib/polkit-1/polkitd --no-debug', 'privileges'],
  ['ExecStart=/usr/sbin/cron -f $EXTRA_OPTS', 'jobs'],
  ['ExecStart=/usr/sbin/atd -f', 'jobs'],
  ['ExecStart=/usr/sbin/anacron -d -q $ANACRON_ARGS', 'jobs'],
  ['ExecStart=!!/usr/lib/systemd/systemd-networkd', 'network'],
  ['ExecStart=/usr/sbin/ifup -a --read-environment', 'network'],
  ['ExecStart=/usr/lib/apt/apt.systemd.daily install', 'packages'],
  ['ExecStart=/usr/bin/puppet agent --no-daemonize', 'agent'],
  ['ExecStart=/usr/bin/python3.13 /usr/bin/salt-minion', 'agent'],
  ['ExecStart=/usr/bin/dockerd -H fd://', 'containers'],
  ['ExecStart=/usr/lib/systemd/systemd-udevd', 'devices'],
  ['ExecStart=/bin/sh -c "cd /srv && exec sshd -D"', 'login'],
  ["ExecStart=/bin/sh -ec '/usr/sbin/sshd -t; /usr/sbin/sshd -D'", 'login'],
  ['ExecStart=/usr/bin/env TZ=UTC /usr/sbin/crond -n', 'jobs'],
  ['ExecStart=/bin/busybox crond -f', 'jobs'],
  ['ExecStart=/usr/bin/nice -n 5 crond', 'jobs'],
  ['ExecStart=/usr/bin/taskset -c 0-1 /usr/sbin/sshd -D', 'login'],
  ['ExecStart=systemd-cat -t x sshd -D', 'login'],
  ['ExecStart=/usr/bin/flock /run/x sshd -D', 'login'],
  ['ExecStart=/usr/bin/flock /run/x -c "exec sshd -D"', 'login'],
  ['ExecStart=/usr/bin/env -u X sshd -D', 'login'],
  ['ExecStart=/usr/bin/stdbuf -oL cron -f', 'jobs'],
  ['ExecStart=/usr/bin/ionice -c 2 -n 3 cron -f', 'jobs'],
  ['ExecStart=/usr/bin/env SHELL=/usr/sbin/sshd /opt/app', undefined],
  ['ExecStart=/usr/bin/other\nType=dbus\nBusName=org.freedesktop.login1', 'sessions'],
  ['ExecStart=/usr/bin/other\nPAMName=login', 'login'],
  ['ExecStart=/usr/sbin/sshd\nExecStart=\nExecStart=/usr/bin/other', undefined],
  ['ExecStart=/usr/sbin/nginx -g "daemon on;"', undefined],
  ['ExecStart=/usr/bin/watch /usr/sbin/sshd', undefined],
  ['ExecStart=/bin/sh /srv/start sshd', undefined],
  ['ExecStart=/bin/sh -c "echo sshd"', undefined],
  ['ExecStart=/usr/bin/env', undefined],
  ['ExecStart=/bin/sh -c', undefined],
  ['ExecStartPre=/usr/sbin/sshd -t\nExecStart=/usr/bin/other', undefined],
  ['ExecStart=/usr/bin/other\nPAMName=web', undefined],
];

for (const [lines, expected] of KNOWN) {
  test(`${lines.replaceAll('\n', ', ')}: ${expected ?? 'no role'}`, () => {
    assert.equal(role(lines), expected);
  });
}

test('a script is known by the name of its unit, its template, or an alias', () => {
  const script = 'ExecStart=/usr/local/bin/start';
  assert.equal(role(script), undefined);
  assert.equal(role(script, 'ssh.service'), 'login');
  assert.equal(role(script, 'getty@tty1.service'), 'login');
  assert.equal(role(script, 'getty@.service'), 'login');
  assert.equal(role(script, 'getty.service'), undefined);
  assert.equal(role(script, 'x.service', '[Install]\nAlias=display-manager.service no!name'), 'login');
  assert.equal(role('', 'networking.service'), 'network');
});

const START = '/usr/local/bin/start';

/** The role of a unit that starts a script with these lines. */
const roleOfScript = (script: string) => {
  const commands = new Map([[START, { files: [[START]], needed: [], script: `#!/bin/sh\n${script}` }]]);
  return role(`ExecStart=${START}`, 'x.service', '', { target: { commands } });
};

test('links to a program tell its role', () => {
  const of = (...files: string[]) => {
    const commands = new Map([[START, { files: [files, ['/lib64/ld-linux-x86-64.so.2']], needed: [] }]]);
    return role(`ExecStart=${START}`, 'x.service', '', { target: { commands } });
  };
  assert.equal(of(START), undefined);
  assert.equal(of(START, '/usr/sbin/sshd'), 'login');
});

for (const [script, expected] of [
  ['exec /usr/sbin/sshd -D', 'login'],
  ['mkdir -p /run/sshd\nTZ=UTC exec sshd -D "$@"', 'login'],
  ['if [ -n "$X" ]; then /usr/sbin/crond; fi', 'jobs'],
  ['cd / && /usr/bin/dockerd', 'containers'],
  ['# exec /usr/sbin/sshd\n[ -x /usr/sbin/sshd ] && exit 1', undefined],
  ['exec taskset 1 /usr/sbin/sshd -D', 'login'],
  ['exec /opt/app --shell /usr/sbin/sshd', undefined],
  ['DAEMON=/usr/sbin/sshd\necho sshd', undefined],
  ['exec', undefined],
] as const) {
  test(`a script with '${script.replaceAll('\n', '; ')}': ${expected ?? 'no role'}`, () => {
    assert.equal(roleOfScript(script), expected);
  });
}

test('a unit is known by what its sockets listen on, if that has but one purpose', () => {
  const of = (...listens: string[]) =>
    role('ExecStart=/opt/app', 'x.service', '', {
      surroundings: { allowed: new Map(), sockets: new Map(), listens },
    });
  assert.equal(of('0.0.0.0:80', '[::]:22'), 'login');
  assert.equal(of('/run/dbus/system_bus_socket'), 'bus');
  assert.equal(of('/run/docker.sock'), 'containers');
  for (const other of ['[::]:2222', '[::]:8022', '/run/x:22/sock', '@22x', '/srv/run/docker.sock'])
    assert.equal(of(other), undefined, other);
});

test('a program says more than a name', () => {
  assert.equal(role('ExecStart=/usr/sbin/crond -n', 'ssh.service'), 'jobs');
});

test('no two roles share a mark', () => {
  for (const key of ['programs', 'units', 'busNames', 'pamNames'] as const) {
    const marks = ROLES.flatMap((one) => one[key] ?? []);
    assert.deepEqual(
      marks.filter((mark, i) => marks.indexOf(mark) !== i),
      [],
    );
  }
});
