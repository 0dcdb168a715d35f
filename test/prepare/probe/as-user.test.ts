import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asUser, requireUser } from '../../../src/prepare/probe/as-user.js';
import { FakeSystem } from '../../support/fake-system.js';

const machine = (status: number) =>
  new FakeSystem({ programs: { id: () => ({ status, stdout: '', stderr: '' }) } });

test('the service manager runs a command as a user, with its words as they are', () => {
  const words = asUser('www-data', ['psql', '-c', '$1 $$'], 1500);
  assert.equal(words[0], 'systemd-run');
  assert.ok(words.includes('--uid=www-data') && words.includes('--property=RuntimeMaxSec=1500ms'));
  assert.deepEqual(words.slice(words.indexOf('--') + 1), [
    ...['/bin/sh', '-c', '"$$@"; exit $$?', 'sh'],
    ...['psql', '-c', '$$1 $$$$'],
  ]);
});

for (const status of [1, 127])
  test(`a user for whom id(1) ends with status ${status} is none`, async () => {
    await assert.rejects(requireUser(machine(status), 'nobody'), /there is no user 'nobody'/);
    await requireUser(machine(0), 'nobody');
  });
