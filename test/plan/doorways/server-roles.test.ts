import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleOf } from '../../../src/plan/doorways/role-of.js';
import { ROLES } from '../../../src/plan/doorways/roles.js';
import { SERVER_ROLES } from '../../../src/plan/doorways/server-roles.js';
import { effectiveUnit } from '../../../src/unit/effective.js';
import { parseUnitName, type UnitName } from '../../../src/unit/name.js';
import { planned, unitFile } from '../../support/planned.js';

const NO_EXEC = '[syscalls]\ndeny = ["execve", "execveat"]\naction = "EPERM"\n';
const NO_HOMES = '[service]\nProtectHome = true\n';
const NO_GAIN = '[service]\nNoNewPrivileges = true\n';

const NO_DEVICES = '[service]\nPrivateDevices = true\n';

const startedBy = (command: string) => `ExecStart=\nExecStart=${command}`;

/** Messages about a policy on a unit whose lines are those of Debian 13. */
const told = (policy: string, command: string) =>
  planned(policy, startedBy(command))
    .diagnostics.filter(({ code }) => code === 'locks-out')
    .map(({ message }) => message.replace(/^.*: (.*?);.*$/, '$1'));

const TAKEN: readonly [command: string, policy: string, said: string][] = [
  ['/usr/sbin/proftpd --nodaemon', NO_HOMES, 'people who log in would not have their homes'],
  ['/usr/sbin/smbd --foreground', NO_HOMES, 'people who log in would not have their homes'],
  [
    '/usr/sbin/smbd --foreground',
    NO_EXEC,
    'nobody could log in as anybody, as samba-dcerpcd would not start',
  ],
  ['/usr/sbin/exim4 -bdf -q30m', NO_GAIN, 'no mail would be delivered, as exim starts itself for that'],
  ['/usr/sbin/postfix start', NO_EXEC, 'no mail would be delivered'],
  ['/usr/sbin/dovecot -F', NO_HOMES, 'people would not have the mail in their homes'],
  ['/usr/sbin/chronyd -F 1', '[service]\nProtectClock = true\n', 'the clock would not be set'],
  [
    '/usr/sbin/rsyslogd -n',
    '[service]\nProtectKernelLogs = true\n',
    'what the kernel says would not be logged',
  ],
  ['/usr/sbin/pcscd --foreground', NO_DEVICES, 'it would not see the devices that it is for'],
  [
    '/usr/sbin/irqbalance',
    '[service]\nProtectKernelTunables = true\n',
    'it could not change the settings that it is for',
  ],
  ['/usr/sbin/cupsd -l', NO_DEVICES, 'printers at USB and other ports would be missing'],
  ['/usr/sbin/acpid -f', NO_DEVICES, 'it would not see the device that tells when'],
  ['/usr/sbin/smartd -n', NO_DEVICES, 'no disk would be watched'],
  ['/usr/sbin/nrpe -f', NO_EXEC, 'no check would run'],
  ['/usr/bin/monit -I', NO_EXEC, 'it would start no service again, and run no check'],
  ['/usr/bin/fail2ban-server -xf start', NO_EXEC, 'no address would be banned'],
  ['/usr/sbin/cupsd -l', NO_EXEC, 'nothing would be printed'],
  ['/usr/sbin/xinetd -stayalive', NO_EXEC, 'none of the services that it listens for would start'],
  ['/usr/bin/supervisord -n', NO_EXEC, 'nothing that it supervises would start'],
  ['/usr/lib/nut/upsmon -F', NO_EXEC, 'the machine would not be shut down in time'],
  ['/usr/sbin/smartd -n', NO_EXEC, 'nobody would be told of a disk that fails'],
];

for (const [command, policy, said] of TAKEN) {
  test(`${command}: ${policy.split('\n')[1]} is refused`, () => {
    assert.deepEqual(told(policy, command), [said]);
  });
}

test('a server is no way in, whose changes would wait for a confirmation', () => {
  assert.equal(planned(NO_EXEC, startedBy('/usr/sbin/nrpe -f')).doorway, undefined);
  assert.equal(planned(NO_EXEC, startedBy('/usr/sbin/sshd -D')).doorway, 'login');
});

test('each role is among those that are tried', () => {
  const roleBy = (command: string) =>
    roleOf({
      unit: parseUnitName('x.service') as UnitName,
      effective: effectiveUnit([unitFile(startedBy(command))]),
    });
  const tried = new Set(TAKEN.map(([command]) => roleBy(command)));
  assert.deepEqual(
    SERVER_ROLES.filter((role) => !tried.has(role)),
    [],
  );
});

test('no program has two roles', () => {
  const programs = [...ROLES, ...SERVER_ROLES].flatMap((role) => role.programs);
  assert.deepEqual(
    programs.filter((one, i) => programs.indexOf(one) !== i),
    [],
  );
});
