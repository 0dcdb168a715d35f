import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepare } from '../../../src/prepare/prepare.js';
import { loadedNow, notInForce, plannedDropIn } from '../../../src/verify/manager/in-force.js';
import { machine, run } from '../../support/apply-in-memory.js';
import { DROP_IN, NO_EXEC, UNIT } from '../../support/demo-service.js';
import { type FakeOptions, fakeContext } from '../../support/fake-system.js';

/** What isn't in force of an applied unit, whose properties are changed afterwards. */
async function missing(later: (properties: Map<string, unknown>) => void, policy = NO_EXEC) {
  let distort: FakeOptions['distort'] = () => undefined;
  const system = machine({ distort: (properties) => distort!(properties) }, policy);
  assert.equal((await run(system)).exit, 0);
  distort = later;
  const context = fakeContext(system);
  const prepared = await prepare(context, UNIT, {});
  return notInForce(context, prepared, await loadedNow(context, prepared.unit)).map(({ message }) => message);
}

test('what the manager has loaded is in force', async () => {
  assert.deepEqual(await missing(() => undefined), []);
});

test('a changed property or command is not in force', async () => {
  const [filter] = await missing((properties) => properties.set('SystemCallFilter', [true, ['read']]));
  assert.match(filter!, /SystemCallFilter/);
  const [command] = await missing((properties) =>
    properties.set('ExecStartEx', [['/bin/sh', ['/bin/sh'], []]]),
  );
  assert.match(
    command!,
    /^demo\.service: .*ExecStart= has 0 of 1 commands behind the launcher|ExecStart= has 0 of 1/,
  );
});

test('the prepared drop-in is compared', async () => {
  const context = fakeContext(machine());
  const { unit, dropIn } = plannedDropIn(context, await prepare(context, UNIT, {}));
  assert.deepEqual([unit, dropIn.path], [UNIT, DROP_IN]);
  assert.ok(dropIn.assignments.some(({ key }) => key === 'SystemCallFilter'));
});

test('each instance of a template is compared, and named', async () => {
  const files = {
    '/usr/lib/systemd/system/t@.service': '[Service]\nExecStart=/usr/sbin/demod\n',
    '/etc/sandbox-unit/t@.service.toml': NO_EXEC,
  };
  const running = ['t@a.service', 't@b.service'];
  let isChanged = false;
  const distort = (properties: Map<string, unknown>) => {
    if (isChanged && properties.get('Id') === 't@b.service') properties.set('SystemCallFilter', [false, []]);
  };
  const system = machine({ files, running, distort });
  assert.equal((await run(system, {}, ['t@.service'])).exit, 0);
  isChanged = true;
  const context = fakeContext(system);
  const prepared = await prepare(context, 't@.service', {});
  const found = notInForce(context, prepared, await loadedNow(context, prepared.unit));
  assert.ok(found.length > 0);
  for (const { message } of found) assert.match(message, /t@b\.service/);
});
