import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../../src/cli/commands/apply.js';
import { statesOf } from '../../support/apply-in-memory.js';
import { LAUNCHER, NO_EXEC, OTHER, SERVICE, UNIT } from '../../support/demo-service.js';
import { fakeContext, machineWith } from '../../support/fake-system.js';
import { applied, run } from '../../support/revert-in-memory.js';

test('revert: a unit that was never applied is unchanged', async () => {
  const system = machineWith(SERVICE, NO_EXEC, { running: [UNIT] });
  const result = await run(system);
  assert.deepEqual(
    [result.exit, result.json.changed, statesOf(result)],
    [0, false, ['demo.service unchanged']],
  );
  assert.deepEqual(system.changes, []);
});

test('revert: is unchanged the second time', async () => {
  const system = await applied();
  await run(system);
  system.calls.length = 0;
  assert.deepEqual([(await run(system)).exit, system.changes], [0, []]);
});

test('revert: reverts several units with one reload', async () => {
  const units = [UNIT, 'other.service'];
  const system = await applied({ files: OTHER }, units);
  const result = await run(system, {}, units);
  assert.deepEqual(statesOf(result), ['demo.service reverted', 'other.service reverted']);
  assert.equal(system.changes.filter((call) => call === 'reload').length, 1);
  assert.deepEqual(system.changes.slice(-5), [
    'restart demo.service',
    'restart other.service',
    ...['demo', 'other'].map((name) => `remove /etc/systemd/system/${name}.service.d/zz-sandbox-unit.filter`),
    `remove ${LAUNCHER}`,
  ]);
});

test('revert --check: changes nothing, and the exit status says whether something would be', async () => {
  const system = await applied();
  const result = await run(system, { check: true });
  assert.deepEqual([result.exit, statesOf(result), system.changes], [3, ['demo.service pending'], []]);
  await run(system);
  assert.equal((await run(system, { check: true })).exit, 0);
});

test("revert: doesn't start a stopped service, and restarts none with --no-restart", async () => {
  for (const [running, options] of [
    [[], {}],
    [[UNIT], { restart: false }],
  ] as const) {
    const system = machineWith(SERVICE, NO_EXEC, { running });
    await apply(fakeContext(system), [UNIT], { restart: false });
    system.calls.length = 0;
    assert.equal((await run(system, options)).exit, 0);
    assert.ok(system.changes.includes('reload'));
    assert.ok(!system.changes.some((call) => call.startsWith('restart ')));
  }
});

test('revert: reports a service that no longer starts', async () => {
  let starts = 0;
  const system = await applied({ behaviour: () => (starts++ === 0 ? 'works' : 'job-fails') });
  const result = await run(system);
  assert.deepEqual([result.exit, result.diagnostics.map(({ code }) => code)], [1, ['service-failed']]);
});

test('revert: removes files until the next boot, too', async () => {
  const placement = { scope: 'system', lifetime: 'runtime' } as const;
  const system = machineWith(SERVICE, NO_EXEC, { running: [UNIT] });
  const before = [...system.files.keys()].sort();
  await apply(fakeContext(system, { placement }), [UNIT], {});
  assert.ok(system.files.has(`/run/systemd/system/${UNIT}.d/zz-sandbox-unit.conf`));
  await run(system);
  assert.deepEqual([...system.files.keys()].sort(), before);
});

test('revert: accepts an alias', async () => {
  const system = await applied({ aliases: { 'alias.service': UNIT } });
  assert.deepEqual(statesOf(await run(system, {}, ['alias'])), ['demo.service reverted']);
});

test('revert: removes the files of a unit that is gone; an unknown unit is an error', async () => {
  const system = await applied();
  system.files.delete('/usr/lib/systemd/system/demo.service');
  await system.reload();
  assert.deepEqual(statesOf(await run(system)), ['demo.service reverted']);
  const again = await run(system);
  assert.deepEqual([again.exit, statesOf(again)], [2, ['demo.service refused']]);
  assert.match(
    again.diagnostics[0]!.message,
    /there is no unit demo\.service, and it has no files to remove/,
  );
  assert.deepEqual(statesOf(await run(system, {}, ['nosuch', 'a/b'])), [
    'nosuch.service refused',
    'a/b refused',
  ]);
});
