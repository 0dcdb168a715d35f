/** Files that a service of root can write despite ProtectSystem=strict, as docs/trust.md says. */
import assert from 'node:assert/strict';
import { machine } from '../support/machine.js';

import { mainPid } from '../support/service.js';

const WAYS = {
  remount: 'mount -o remount,rw,bind / / && touch /etc/written',
  manager: 'touch /proc/1/root/etc/written',
};

const { box, test } = machine('root-writes', { launcher: false });

async function writers(...properties: readonly string[]): Promise<string[]> {
  const found = [];
  for (const [name, script] of Object.entries(WAYS)) {
    const options = ['ProtectSystem=strict', ...properties].map((one) => `--property=${one}`);
    await box.exec(['systemd-run', '--wait', '--quiet', ...options, '/bin/bash', '-c', script]);
    const { status } = await box.exec(['rm', '/etc/written']);
    if (status === 0) found.push(name);
  }
  return found;
}

test('ProtectSystem=strict holds root only without its capabilities', async () => {
  assert.deepEqual(await writers(), ['remount', 'manager']);
  assert.deepEqual(await writers('SystemCallFilter=~@mount'), ['manager']);
  assert.deepEqual(await writers('CapabilityBoundingSet=~CAP_SYS_PTRACE'), ['remount']);
  assert.deepEqual(await writers('CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_SYS_PTRACE'), []);
  assert.deepEqual(await writers('DynamicUser=yes'), []);
});

test('MountFlags=private keeps later mounts from a service', async () => {
  await box.sh('mount --make-rshared /; mkdir -p /srv/later');
  const start = (unit: string, ...options: readonly string[]) =>
    box.succeed([
      'systemd-run',
      '--quiet',
      `--unit=${unit}`,
      '--property=Type=exec',
      '--property=ProtectSystem=strict',
      ...options,
      'sleep',
      'infinity',
    ]);
  await start('sees-mounts');
  await start('own-mounts', '--property=MountFlags=private');
  await box.sh('mount -t tmpfs none /srv/later; touch /srv/later/file');
  const sees = async (unit: string) => {
    const root = `/proc/${await mainPid(box, `${unit}.service`)}/root`;
    return (await box.exec(['test', '-e', `${root}/srv/later/file`])).status === 0;
  };
  assert.deepEqual([await sees('sees-mounts'), await sees('own-mounts')], [true, false]);
});
