/** Restarts and failures of the service manager while units are changed. */
import assert from 'node:assert/strict';
import { NO_EXEC, UNIT } from '../support/demo-service.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { mainPid, policyPath, processStatus, properties, sandboxUnit } from '../support/service.js';

const { box, run, test } = machine('manager');

const CONFIGURATION = '/etc/systemd/system.conf.d/test.conf';

/** Defines the unit and its policy, and starts it. */
async function define(lines: string, policy: string): Promise<void> {
  await changeFiles(box, {
    [`/etc/systemd/system/${UNIT}`]: `[Service]\n${lines}\n`,
    [policyPath(UNIT)]: policy,
  });
  await box.succeed(['systemctl', 'restart', UNIT]);
}

/** Gives the manager other settings for a while. */
async function withManager(settings: string, during: () => Promise<void>): Promise<void> {
  await box.writeFile(CONFIGURATION, `[Manager]\n${settings}\n`);
  await box.succeed(['systemctl', 'daemon-reexec']);
  try {
    await during();
  } finally {
    await box.succeed(['rm', CONFIGURATION]);
    // Of the two only the signal has no limit.
    await box.sh('systemctl daemon-reexec || kill -TERM 1');
    await box.waitFor('a reload', async () => (await box.exec(['systemctl', 'daemon-reload'])).status === 0);
  }
}

test('apply waits to its end for a job that is running while the manager re-executes itself', async () => {
  await box.succeed(['mkfifo', '/opt/pipe']);
  await box.writeFile('/run/go', '');
  const wait = `ExecStartPre=/bin/sh -c 'test -e /run/go || read x <>/opt/pipe'`;
  await define(`${wait}\nExecStart=/usr/bin/tail -f /dev/null`, '[syscalls]\ndeny = ["uname"]\n');
  await box.succeed(['rm', '/run/go']);
  const applied = sandboxUnit(box, 'apply', UNIT);
  const state = async () => (await properties(box, UNIT, 'ActiveState')).ActiveState;
  await box.waitFor('the start', async () => (await state()) === 'activating');
  await box.succeed(['systemctl', 'daemon-reexec']);
  await box.sh('echo >/opt/pipe');
  const { status, stderr } = await applied;
  assert.equal(status, 0, stderr);
  await box.writeFile('/run/go', '');
  await run(0, 'revert', UNIT);
});

/** Asks the manager over and over until a file is there. */
const READER = `
import { existsSync, writeFileSync } from 'node:fs';
import { Bus } from '${inRepository('build/src/machine/bus/bus.js')}';
const bus = await Bus.connect({ address: 'unix:path=/run/dbus/system_bus_socket', hint: '' });
while (!existsSync('/run/enough')) {
  await Promise.all([bus.manager(), bus.table('dbus.service')]);
  writeFileSync('/run/answered', '');
}
bus.close();
`;

test('apply gets an answer from the next manager when one re-executes itself', async () => {
  const reading = box.succeed(['node', '--input-type=module', '--eval', READER]);
  const answered = async () => (await box.exec(['rm', '/run/answered'])).status === 0;
  for (let i = 0; i < 3; i++) {
    await box.waitFor('an answer', answered);
    await box.succeed(['systemctl', 'daemon-reexec']);
  }
  await box.waitFor('the last answer', answered);
  await box.writeFile('/run/enough', '');
  await reading;
});

test('apply rolls back if the bus is restarted in between', async () => {
  const bus = 'until busctl status org.freedesktop.systemd1; do sleep 0.02; done >/dev/null 2>&1';
  await box.writeFile('/opt/probe', `#!/bin/sh\nsystemctl restart dbus.service\n${bus}\nexit 1\n`, '0755');
  await define('ExecStart=/usr/bin/tail -f /dev/null', `${NO_EXEC}[apply]\nprobe = ["/opt/probe"]\n`);
  const { status, stdout, stderr } = await sandboxUnit(box, 'apply', UNIT);
  assert.deepEqual([status, stdout], [1, `${UNIT}: rolled-back\n`], stderr);
  assert.match(stderr, /^error\[service-failed\]: the probe /m);
});

test('revert: if the reload fails, the service still starts, and the next run finishes', async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null', NO_EXEC);
  await run(0, 'apply', UNIT);
  await withManager('ReloadLimitIntervalSec=1h\nReloadLimitBurst=1', async () => {
    await box.succeed(['systemctl', 'daemon-reload']);
    const { status, stdout, stderr } = await sandboxUnit(box, 'revert', UNIT);
    assert.deepEqual([status, stdout], [2, `${UNIT}: failed\n`], stderr);
    assert.match(stderr, /^error\[manager-refused\]: /m);
    await box.succeed(['systemctl', 'restart', UNIT]);
    await run(2, 'revert', UNIT);
  });
  const { status, stdout, stderr } = await sandboxUnit(box, 'revert', UNIT);
  assert.deepEqual([status, stdout.split('\n')[0]], [0, `${UNIT}: reverted`], stderr);
  await box.succeed(['systemctl', 'restart', UNIT]);
  assert.equal((await properties(box, UNIT, 'DropInPaths')).DropInPaths, '');
});

test('apply confines the bus, and services that refuse a stop, from their next start on', async () => {
  await changeFiles(box, {
    '/etc/systemd/system/steady.service':
      '[Unit]\nRefuseManualStop=yes\n[Service]\nExecStart=/usr/bin/tail -f /dev/null\n',
  });
  const units = ['dbus.service', 'steady.service'];
  await box.succeed(['systemctl', 'start', ...units]);
  const pids = () => Promise.all(units.map((unit) => mainPid(box, unit)));
  const before = await pids();
  for (const unit of units)
    await box.writeFile(policyPath(unit), `${NO_EXEC}[apply]\nunderstood = ["locks-out"]\n`);
  for (const words of [['apply', '--no-confirm'], ['apply'], ['revert']]) {
    const { stderr } = await run(0, ...words, ...units);
    assert.equal(stderr.match(/^note\[restart-due\]/gm)?.length, 2, stderr);
  }
  assert.deepEqual(await pids(), before);
});

// The last: what a manager has in its environment stays there when it executes itself again.
test("apply doesn't report a policy as applied if systemd loads no filters", async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null', '[syscalls]\ndeny = ["uname"]\n');
  await withManager('ManagerEnvironment=SYSTEMD_SECCOMP=0', async () => {
    const { status, stdout, stderr } = await sandboxUnit(box, 'apply', UNIT);
    assert.deepEqual([status, stdout], [1, `${UNIT}: rolled-back\n`], stderr);
    assert.match(stderr, /^error\[looser\]: .* has no system call filter$/m);
    await box.writeFile(policyPath(UNIT), '[syscalls]\nenforcer = "launcher"\ndeny = ["uname"]\n');
    await run(0, 'apply', UNIT);
    assert.equal((await processStatus(box, await mainPid(box, UNIT))).get('Seccomp'), '2');
    await run(0, 'revert', UNIT);
  });
});
