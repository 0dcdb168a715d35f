/** Templates for services of root: what the service can do to the manager, with its own mounts. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Box } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { apply, mainPid, sandboxUnit, servicesObstacle } from '../support/service.js';

const UNIT = 'nginx.service';

/** Ways by which root has the manager start something. What works is undone. */
const WAYS = {
  unit: 'touch /run/systemd/system/own.service && rm /run/systemd/system/own.service',
  generator: 'd=/run/systemd/system-generators && mkdir $d && rmdir $d',
  policy: 'touch /run/sandbox-unit/own && rm /run/sandbox-unit/own',
  manager: 'systemctl show --property=Version',
  own: 'touch /run/nginx.other && rm /run/nginx.other',
};

/** A folder that isn't protected whole would make room for another. Where it works, systemd is without its sockets. */
const RENAMED = 'mv /run/systemd /run/moved && mv /run/moved /run/systemd';

/** The shell of klibc-utils, which initramfs-tools brings. */
const KLIBC = '/usr/lib/klibc/bin/sh';

/** Templates by which a service may execute its own program, and that program. */
const WITHOUT_SHELL = { haproxy: '/usr/sbin/haproxy', 'php-fpm': '/usr/sbin/php-fpm8.4' };

describe('a service of root', { skip: servicesObstacle() ?? false }, () => {
  let box: Box;
  before(async () => {
    box = await Box.boot({ name: 'service-templates' });
    await box.succeed(['mkdir', '-p', '/run/sandbox-unit']);
    await box.succeed(['systemctl', 'start', UNIT]);
    const made = await box.sh(`mkdir -p /usr/lib/klibc/bin /var/lib/haproxy/dev /var/lib/php /var/www
      touch /var/lib/haproxy/dev/log && cp /bin/sh ${KLIBC}`);
    assert.equal(made.status, 0, made.stderr);
  });
  after(() => box?.stop());

  /** Whether a script of a shell works with the service's mounts. */
  async function works(script: string): Promise<boolean> {
    const inside = ['nsenter', `--target=${await mainPid(box, UNIT)}`, '--mount', '--'];
    return (await box.exec([...inside, 'sh', '-c', script])).status === 0;
  }

  /** The ways that are open to the service. */
  async function open(): Promise<string[]> {
    const found: string[] = [];
    for (const [name, script] of Object.entries(WAYS)) if (await works(script)) found.push(name);
    return found;
  }

  test('has the manager start nothing under the template, and writes to /run', async () => {
    assert.deepEqual(await open(), Object.keys(WAYS));
    const { status, stdout, stderr } = await sandboxUnit(box, 'apply', '--template', 'nginx', UNIT);
    assert.deepEqual([status, stderr], [0, ''], stdout);
    assert.deepEqual(await open(), ['own']);
    assert.equal(await works(RENAMED), false);
  });

  for (const [template, program] of Object.entries(WITHOUT_SHELL)) {
    test(`has no shell to execute under the template ${template}, where all of /usr/lib is libraries`, async () => {
      const unit = `own-${template}.service`;
      const start = `[Service]\nType=exec\nExecStart=${program} infinity\n`;
      await box.succeed(['cp', '/usr/bin/sleep', program]);
      await changeFiles(box, { [`/etc/systemd/system/${unit}`]: start });
      const klibc = () => box.exec(['nsenter', `--target=${pid}`, '--mount', '--', KLIBC, '-c', 'true']);
      await box.succeed(['systemctl', 'start', unit]);
      let pid = await mainPid(box, unit);
      assert.equal((await klibc()).status, 0);
      const said = await apply(box, `extends = ["${template}"]\n[apply]\nprobe = ["true"]\n`, unit);
      assert.doesNotMatch(said, /leaves-open/);
      pid = await mainPid(box, unit);
      const { status, stderr } = await klibc();
      assert.deepEqual([status, /Permission denied/.test(stderr)], [126, true], stderr);
    });
  }
});
