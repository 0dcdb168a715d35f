/** The timer, the service and apt's hook of templates/, which report drift by themselves. */
import assert from 'node:assert/strict';
import { UNIT } from '../support/demo-service.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { apply, policyPath, properties, revert } from '../support/service.js';

const SERVICE = 'sandbox-unit-status.service';
const PACKAGE = '/usr/local/lib/node_modules/sandbox-unit';
const UNDO = `/var/lib/sandbox-unit/${UNIT}.u`;
const policy = (more = '') => `[syscalls]\ndeny = ["execve", "execveat"]\n[apply]\nsettle = "100ms"\n${more}`;

/** Installs the package as npm does, and the units. */
const INSTALL = `
  mkdir -p ${PACKAGE}
  cp -r ${['dist', 'native-helper', 'templates'].map((name) => inRepository(name)).join(' ')} ${PACKAGE}
  ln -s ${PACKAGE}/dist/sandbox-unit.cjs /usr/local/bin/sandbox-unit
  cp ${PACKAGE}/templates/systemd/* /etc/systemd/system
  systemctl daemon-reload`;

const { box, run, test } = machine('status-service', {
  files: { [UNIT]: '[Service]\nExecStart=/usr/bin/tail -f /dev/null\n' },
  script: INSTALL,
  start: [UNIT],
});

/** Starts the service, and what it said. */
async function look(): Promise<{ failed: boolean; said: string }> {
  const script = `since=$(date +%s.%N); sleep 0.01
    systemctl start ${SERVICE} 2>/dev/null || :
    journalctl --sync; journalctl --output=cat --since="@$since" _SYSTEMD_UNIT=${SERVICE}`;
  const said = await box.succeed(['bash', '-c', script]);
  const { ActiveState } = await properties(box, SERVICE, 'ActiveState');
  return { failed: ActiveState === 'failed', said };
}

test('status units: systemd accepts them, and starts them with nothing enabled', async () => {
  const paths = ['service', 'timer'].map((type) => `/etc/systemd/system/sandbox-unit-status.${type}`);
  const verified = await box.exec(['systemd-analyze', 'verify', '--man=no', ...paths]);
  assert.deepEqual([verified.status, verified.stdout + verified.stderr], [0, '']);
  assert.deepEqual(await look(), { failed: false, said: '' });
});

test('status timer: starts the service once it is enabled', async () => {
  const at = '[Timer]\nOnCalendar=\nOnActiveSec=0\nRandomizedDelaySec=0\nAccuracySec=1us\n';
  await box.writeFile('/etc/systemd/system/sandbox-unit-status.timer.d/at-once.conf', at);
  await box.succeed(['systemctl', 'daemon-reload']);
  const count = async () => (await properties(box, SERVICE, 'InvocationID')).InvocationID;
  const was = await count();
  await box.succeed(['systemctl', 'enable', '--now', '--quiet', 'sandbox-unit-status.timer']);
  await box.waitFor('the timer', async () => (await count()) !== was);
  await box.succeed(['systemctl', 'disable', '--now', '--quiet', 'sandbox-unit-status.timer']);
});

test('status service: fails if a unit has drifted, until the next apply', async () => {
  await apply(box, policy(), UNIT);
  assert.equal((await look()).failed, false);
  await box.writeFile(policyPath(UNIT), policy('[service]\nNice = 3\n'));
  const { failed, said } = await look();
  assert.equal(failed, true);
  assert.match(said, /^error\[drift-policy\]: demo\.service.*\n {2}hint: sandbox-unit apply demo\.service$/m);
  await apply(box, policy('[service]\nNice = 3\n'), UNIT);
  assert.equal((await look()).failed, false);
  await revert(box, UNIT);
});

test("status service: doesn't fail while a change waits to be confirmed", async () => {
  await box.writeFile(policyPath(UNIT), policy());
  await run(3, 'apply', '--confirm', '10min', UNIT);
  const { failed, said } = await look();
  assert.equal(failed, false);
  assert.match(said, /^warning\[unconfirmed\]: demo\.service is rolled back/m);
  await run(0, 'confirm', '--undo');
});

test('status service: rolls back what a killed run has left, though it is confined itself', async () => {
  await apply(box, policy(), UNIT);
  const slow = policy('probe = ["/usr/bin/sleep", "60"]\n[service]\nNice = 3\n');
  await box.writeFile(policyPath(UNIT), slow);
  const script = `sandbox-unit apply ${UNIT} & pid=$!
    until pgrep -x sleep; do kill -0 $pid; done
    kill -9 $pid; pkill -x sleep; ls ${UNDO}; systemctl show --property=Nice ${UNIT}`;
  assert.match(await box.succeed(['bash', '-ec', script]), /\.u\nNice=3\n$/);
  assert.match((await look()).said, /warning\[put-back\]: .*demo\.service/);
  const rest = await box.exec(['ls', UNDO]);
  assert.deepEqual([rest.status, await properties(box, UNIT, 'Nice')], [2, { Nice: '0' }]);
  await revert(box, UNIT);
});

/** Makes a package with a service, whose command has these words. */
const packageWith = (version: number, words: string) => `
  mkdir -p /p/DEBIAN /p/usr/lib/systemd/system
  printf 'Package: packaged\\nVersion: ${version}\\nArchitecture: all\\nMaintainer: x <x@y>\\nDescription: x\\n' >/p/DEBIAN/control
  printf '#!/bin/sh\\nsystemctl daemon-reload\\n' >/p/DEBIAN/postinst
  chmod 755 /p/DEBIAN/postinst
  printf '[Service]\\nExecStart=/usr/bin/tail -f ${words}\\n' >/p/usr/lib/systemd/system/packaged.service
  dpkg-deb --build /p /packaged.deb >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 /packaged.deb 2>&1 >/dev/null`;

test("status service: apt reports an upgrade that a drop-in doesn't follow, and continues", async () => {
  await box.succeed(['cp', `${PACKAGE}/templates/apt/90sandbox-unit`, '/etc/apt/apt.conf.d/']);
  const first = await box.sh(packageWith(1, '/dev/null'));
  assert.doesNotMatch(first.stdout, /sandbox-unit/);
  await apply(box, policy(), 'packaged.service');
  const { status, stdout } = await box.sh(packageWith(2, '/dev/null /dev/zero'));
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^error\[drift-command\]: packaged\.service: its ExecStart= has changed/m);
  assert.match(stdout, /^ {2}hint: sandbox-unit apply packaged\.service$/m);
  assert.match(stdout, /^sandbox-unit: not all units are confined/m);
  await run(0, 'apply', '--all');
  const third = await box.sh(packageWith(3, '/dev/null /dev/zero'));
  assert.deepEqual([third.status, /sandbox-unit/.test(third.stdout)], [0, false], third.stdout);
});
