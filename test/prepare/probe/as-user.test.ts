import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asUser } from '../../../src/prepare/probe/as-user.js';
import { FakeSystem } from '../../support/fake-system.js';

const machine = (status: number, stdout: string) =>
  new FakeSystem({ programs: { id: () => ({ status, stdout, stderr: '' }) } });

test('a command is run as a user with their groups and environment', async () => {
  assert.deepEqual(await asUser(machine(0, '33\n'), 'www-data', ['psql', '-c', 'x']), [
    ...['setpriv', '--reuid=www-data', '--regid=33', '--init-groups', '--reset-env', '--'],
    ...['psql', '-c', 'x'],
  ]);
});

for (const [status, stdout] of [
  [1, ''],
  [0, ''],
  [0, 'x'],
  [127, ''],
] as const) {
  test(`a user whose group is told by status ${status} and '${stdout}' is none`, async () => {
    await assert.rejects(asUser(machine(status, stdout), 'nobody', ['x']), /there is no user 'nobody'/);
  });
}
