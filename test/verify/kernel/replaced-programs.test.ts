import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mountedBy, replacedPrograms } from '../../../src/verify/kernel/replaced-programs.js';
import { unitWith } from '../../support/apply-in-memory.js';
import { NO_EXEC } from '../../support/demo-service.js';
import { FakeSystem } from '../../support/fake-system.js';
import { planned } from '../../support/planned.js';

const PLAN = planned(`${NO_EXEC}[exec]\nprograms = ["/usr/sbin/demod"]\n`);
const [{ place } = { place: '' }] = PLAN.programs;

const mount = (root: string) => `30 25 8:1 ${root} ${place} rw - ext4 /dev/sda1 rw\n`;

async function replaced(mountinfo: string, plan = PLAN, pid = 7) {
  const system = new FakeSystem({ files: { '/proc/7/mountinfo': mountinfo } });
  const found = await replacedPrograms(
    system,
    mountedBy(plan, 'demo.service'),
    await unitWith({ MainPID: pid }),
  );
  return found.map(({ code, message }) => `${code}: ${message}`);
}

test('a program that an upgrade has renamed over is told', async () => {
  assert.deepEqual(await replaced(mount('/usr/sbin/demod//deleted')), [
    "program-replaced: the program 'demod' was replaced while demo.service runs: what it starts of it from now on isn't confined",
  ]);
});

test('one that is mounted as it was is not, nor is any of a service that does not run', async () => {
  assert.deepEqual(await replaced(mount('/usr/sbin/demod')), []);
  assert.deepEqual(await replaced(''), []);
  assert.deepEqual(await replaced(mount('/usr/sbin/demod//deleted'), PLAN, 0), []);
  assert.deepEqual(await replaced(mount('/usr/sbin/demod//deleted'), planned(NO_EXEC)), []);
});
