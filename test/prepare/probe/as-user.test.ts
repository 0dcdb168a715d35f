import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertUser, asUser } from '../../../src/prepare/probe/as-user.js';
import { FakeSystem } from '../../support/fake-system.js';

const machine = (status: number, stdout: string) =>
  new FakeSystem({ programs: { getent: () => ({ status, stdout, stderr: '' }) } });

test('the service manager runs a command as a user, with unchanged arguments', () => {
  const words = asUser('www-data', ['psql', '-c', '$1 $$'], 1500);
  assert.equal(words[0], 'systemd-run');
  assert.ok(words.includes('--uid=www-data') && words.includes('--property=RuntimeMaxSec=1500ms'));
  assert.deepEqual(words.slice(words.indexOf('--') + 1), [
    ...['/bin/sh', '-c', '"$$@"; exit $$?', 'sh'],
    ...['psql', '-c', '$$1 $$$$'],
  ]);
});

test('a user in passwd(5) exists', async () => {
  await assertUser(machine(0, 'web:x:33:33:Web,,,:/var/www:/usr/sbin/nologin\n'), 'web');
});

for (const status of [0, 2, 127])
  test(`a user unknown to getent(1), with status ${status}, doesn't exist`, async () => {
    await assert.rejects(assertUser(machine(status, ''), 'nobody'), /there is no user 'nobody'/);
  });
