/** What may become of the service manager itself while units are changed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Box } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import {
  bootWithPrograms,
  mainPid,
  policyPath,
  processStatus,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';

const skip = servicesObstacle();
let box: Box;
before(async () => {
  if (!skip) box = await bootWithPrograms('manager');
});
after(() => box?.stop());

const UNIT = 'demo.service';
const CONFIGURATION = '/etc/systemd/system.conf.d/test.conf';

/** Defines the unit and its policy, and starts it. */
async function define(lines: string, policy: string): Promise<void> {
  await changeFiles(box, {
    [`/etc/systemd/system/${UNIT}`]: `[Service]\n${lines}\n`,
    [policyPath(UNIT)]: `${policy}[apply]\nsettle = "100ms"\n`,
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
    await box.succeed(['systemctl', 'daemon-reexec']);
  }
}

test('where systemd loads no filters, a policy that needs no launcher is not said to be applied', {
  skip,
}, async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null', '[syscalls]\ndeny = ["uname"]\n');
  await withManager('ManagerEnvironment=SYSTEMD_SECCOMP=0', async () => {
    const { status, stdout, stderr } = await sandboxUnit(box, 'apply', UNIT);
    assert.deepEqual([status, stdout], [1, `${UNIT}: rolled-back\n`], stderr);
    assert.match(stderr, /^error\[not-confined\]: .* has no system call filter$/m);
    await box.writeFile(policyPath(UNIT), '[syscalls]\nenforcer = "launcher"\ndeny = ["uname"]\n');
    assert.equal((await sandboxUnit(box, 'apply', UNIT)).status, 0);
    assert.equal((await processStatus(box, await mainPid(box, UNIT))).get('Seccomp'), '2');
    assert.equal((await sandboxUnit(box, 'revert', UNIT)).status, 0);
  });
});
