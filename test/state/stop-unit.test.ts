import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stopUnit } from '../../src/state/stop-unit.js';
import { FakeSystem, fakeContext, OF_USER } from '../support/fake-system.js';

async function stopped(status: number, placement: object = {}) {
  const asked: (readonly string[])[] = [];
  const systemctl = (argv: readonly string[]) => {
    asked.push(argv);
    return { status, stdout: '', stderr: 'no\n' };
  };
  const context = fakeContext(new FakeSystem({ programs: { systemctl } }), placement);
  return { found: await stopUnit(context, 'a.service'), asked };
}

test('a service is stopped by the manager that it is of', async () => {
  assert.deepEqual(await stopped(0), { found: [], asked: [['systemctl', 'stop', '--', 'a.service']] });
  const { asked } = await stopped(0, { placement: OF_USER });
  assert.deepEqual(asked, [['systemctl', '--user', 'stop', '--', 'a.service']]);
});

test('one that can not be stopped is an error, whatever keeps it', async () => {
  const [{ code, message } = assert.fail()] = (await stopped(1)).found;
  assert.deepEqual([code, message], ['not-stopped', "a.service can't be stopped again: no"]);
  const lost = fakeContext(new FakeSystem({ failAt: 1 }));
  assert.deepEqual(
    (await stopUnit(lost, 'a.service')).map(({ code: one }) => one),
    ['injected'],
  );
});
