import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traitsOf } from '../../src/plan/access-units.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { parseUnitName, type UnitName } from '../../src/systemd/unit/name.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';

const traits = (lines: string, name = 'x.service', scope: 'system' | 'user' = 'system') =>
  [
    ...traitsOf({
      unit: parseUnitName(name) as UnitName,
      effective: effectiveUnit([parseUnitFile('x.service', `[Service]\n${lines}`)]),
      target: { scope },
    }),
  ].join(' ');

const LOGIN = 'access starts sessions mounts homes';

/** ExecStart= of units as Debian 13 and Fedora 42 have them, and of scripts that start such a program. */
const KNOWN: readonly (readonly [command: string, traits: string])[] = [
  ['/usr/sbin/sshd -D $SSHD_OPTS', LOGIN],
  ['-/usr/sbin/sshd -i $SSHD_OPTS', LOGIN],
  ['-/sbin/agetty -o "-- \\u" --noreset --noclear - $TERM', LOGIN],
  ['/usr/sbin/gdm3', LOGIN],
  ['/usr/sbin/cron -f $EXTRA_OPTS', LOGIN],
  ['/usr/bin/dockerd -H fd://', 'access starts sessions mounts devices'],
  ['@/usr/bin/dbus-daemon @dbus-daemon --system --address=systemd:', 'access starts'],
  ['/usr/lib/systemd/systemd-logind', 'access'],
  ['/usr/lib/polkit-1/polkitd --no-debug', 'access'],
  ['!!/usr/lib/systemd/systemd-networkd', 'access'],
  ['/usr/sbin/ifup -a --read-environment', 'access starts tunables'],
  ['/usr/lib/apt/apt.systemd.daily install', 'access starts mounts'],
  ['/usr/bin/python3.13 /usr/bin/salt-minion', 'access starts mounts homes'],
  ['/usr/libexec/udisks2/udisksd', 'mounts'],
  ['/usr/sbin/postfix start', 'starts homes'],
  ['/usr/sbin/exim4 -bdf -q30m', 'starts homes'],
  ['/bin/sh -c "cd /srv && exec /usr/sbin/sshd -D"', LOGIN],
  ['/bin/sh -ec "exec sshd -D"', ''],
  ['/usr/bin/env TZ=UTC /usr/sbin/crond -n', LOGIN],
  ['sshd -D', LOGIN],
  ['/usr/sbin/nginx -g "daemon on;"', ''],
  ['/usr/sbin/ip vrf exec mgmt /usr/sbin/sshd -D', LOGIN],
  ['/usr/bin/cat /etc/pam.d/sshd', ''],
  ['/usr/bin/du /var/lib/containerd /run/sshd', ''],
  ['/usr/bin/nice /var/lib/rancher/k3s/data/current/bin/containerd', 'access starts sessions mounts devices'],
  ['/bin/sh -c "echo /usr/sbin/sshd"', ''],
  ['/usr/bin/env', ''],
  ['/bin/sh -c', ''],
];

for (const [command, expected] of KNOWN) {
  test(`a unit with ExecStart=${command} has the traits '${expected}'`, () => {
    assert.equal(traits(`ExecStart=${command}`), expected);
  });
}

test('an access unit is known by its name, its template or an alias, whatever it starts', () => {
  const script = 'ExecStart=/usr/local/bin/start';
  assert.equal(traits(script), '');
  assert.equal(traits(script, 'ssh.service'), LOGIN);
  assert.equal(traits(script, 'getty@tty1.service'), LOGIN);
  assert.equal(traits(script, 'getty@.service'), LOGIN);
  assert.equal(traits(script, 'getty.service'), '');
  assert.equal(traits(script, 'user@1000.service'), LOGIN);
  assert.equal(traits(`${script}\n[Install]\nAlias=display-manager.service no!name`), LOGIN);
});

test('a unit has the traits of its name and of its program', () => {
  assert.equal(traits('ExecStart=/usr/sbin/polkitd', 'dbus.service'), 'access starts');
});

test('other Exec lines and lines that are reset give a unit no traits', () => {
  assert.equal(traits('ExecStartPre=/usr/sbin/sshd -t\nExecStart=/usr/bin/other'), '');
  assert.equal(traits('ExecStart=/usr/sbin/sshd\nExecStart=\nExecStart=/usr/bin/other'), '');
});

test("a user's own units have no traits", () => {
  assert.equal(traits('ExecStart=/usr/sbin/sshd', 'ssh.service', 'user'), '');
});
