/**
 * Tests of machine/state/applied-runs.ts, machine/state/injections.ts, machine/state/untrusted-runs.ts, machine/state/service-run.ts, machine/state/service.ts and machine/state/own-files.ts: whether a
 * service runs with the files that are there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runsAsBefore } from '../../../src/machine/state/applied-runs.js';
import { filesHash } from '../../../src/machine/state/files-hash.js';
import { addInjection } from '../../../src/machine/state/injections.js';
import {
  assertEnd,
  codesOf,
  machine,
  restartedOf,
  run,
  setPolicy,
  statesOf,
} from '../../support/apply-in-memory.js';
import { DROP_IN, NO_EXEC, UNIT } from '../../support/demo-service.js';
import { exportedBytes } from '../../support/fake-manager.js';
import { existing, fakeContext } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';

test('apply restarts a service that still runs as before', async () => {
  const system = machine();
  await run(system, { restart: false });
  assert.equal(system.isConfined(UNIT), false);
  const checked = await run(system, { check: true });
  assert.deepEqual([checked.exit, codesOf(checked)], [3, ['note restart-due']]);
  assert.equal(checked.text, 'demo.service: pending\nThe files are up to date; a restart is due.\n');
  const result = await run(system);
  assert.deepEqual([result.exit, codesOf(result)], [0, ['note refusals-unseen']]);
  assert.equal(result.text, 'demo.service: applied\nRestarted.\n');
  assert.deepEqual(restartedOf(result), [true]);
  assert.equal(system.isConfined(UNIT), true);
  assert.equal((await run(system, { check: true })).exit, 0);
});

test('apply --no-restart: what only a restart would change is unchanged', async () => {
  const system = machine();
  await run(system, { restart: false });
  system.calls.length = 0;
  for (const check of [true, false]) {
    const result = await run(system, { restart: false, check });
    assert.deepEqual(
      [result.exit, statesOf(result), codesOf(result), restartedOf(result)],
      [0, ['demo.service unchanged'], ['note restart-due'], [false]],
    );
  }
  assert.deepEqual(system.changes, []);
});

test('apply: if only comments of the drop-in change, they are written without a restart', async () => {
  const system = machine();
  await run(system);
  const pid = system.pidOf(UNIT);
  const old = system.text(DROP_IN);
  setPolicy(system, `description = "the same"\n${NO_EXEC}`);
  assert.equal((await run(system, { check: true })).exit, 3);
  system.calls.length = 0;
  const result = await run(system);
  assert.deepEqual([result.exit, statesOf(result)], [0, ['demo.service applied']]);
  assert.deepEqual(codesOf(result), ['note no-restart']);
  assert.deepEqual(system.changes, [`replace ${DROP_IN}`, 'reload']);
  assert.notEqual(system.text(DROP_IN), old);
  assert.equal(system.pidOf(UNIT), pid);
  assert.deepEqual(statesOf(await run(system)), ['demo.service unchanged']);
  assert.equal((await run(system, { check: true })).exit, 0);
});

test('apply: if only the probe changes, nothing restarts, and a hint says when it is tried', async () => {
  const system = machine();
  await run(system);
  setPolicy(system, `${NO_EXEC}\n[apply]\nprobe = ["/usr/sbin/demod"]\n`);
  const result = await run(system);
  assert.deepEqual([statesOf(result), restartedOf(result)], [['demo.service applied'], [false]]);
  assert.deepEqual(
    result.diagnostics.map(({ code, message, hint }) => [code, message, hint]),
    [
      [
        'no-restart',
        'demo.service needs no restart: it runs with these directives and this filter',
        "'probe' of [apply] runs at the next restart by apply",
      ],
    ],
  );
});

test('apply: a service that never restarted is restarted, even if only comments changed since', async () => {
  const system = machine();
  await run(system, { restart: false });
  setPolicy(system, `description = "the same"\n${NO_EXEC}`);
  const result = await run(system);
  assert.deepEqual([statesOf(result), codesOf(result)], [['demo.service applied'], ['note refusals-unseen']]);
  assert.equal(system.isConfined(UNIT), true);
});

test("apply: a service without the filter of its files doesn't count as unchanged", async () => {
  let starts = 0;
  const system = machine({ behaviour: () => (starts++ === 0 ? 'works' : 'is-open') });
  await run(system);
  await system.restart(UNIT);
  const result = await run(system);
  assertEnd(result, [1, ['demo.service refused'], ['error looser']]);
});

/** A service that runs as it was started, and files that were written an hour ago. */
async function runningFor(
  minutes: number,
  { fields = [] as readonly string[], properties = {} as Readonly<Record<string, unknown>> } = {},
) {
  const system = machine();
  const now = system.now();
  const file = existing(DROP_IN, '[Service]\nNice=1\n');
  const files = [{ ...file, modified: now - 60 * 60_000 }];
  const path = `/run/systemd/units/log-extra-fields:${UNIT}`;
  const loaded = fields.length > 0 ? [`SANDBOX_UNIT_FILES=${filesHash(files)}`] : [];
  if (fields.length > 0) await system.replace(path, exportedBytes(fields), { mode: 0o644, modified: 1 });
  const state = unitState({
    ...{ Id: UNIT, ActiveState: 'active', InvocationID: [1], ControlGroup: '/x', MainPID: 7 },
    InactiveExitTimestamp: BigInt(now - minutes * 60_000) * 1000n,
    LogExtraFields: loaded.map((field) => new TextEncoder().encode(field)),
    ...properties,
  });
  const context = fakeContext(system);
  const asBefore = (of = files) =>
    runsAsBefore(context, { unit: UNIT, files: of, since: files[0]!.modified }, { name: UNIT, state });
  return { context, files, asBefore };
}

test("a run that shows its files has them, if they weren't written again since its start", async () => {
  const { files } = await runningFor(0);
  const field = `SANDBOX_UNIT_FILES=${filesHash(files)}`;
  assert.equal(await (await runningFor(1, { fields: [field] })).asBefore(), false);
  assert.equal(await (await runningFor(120, { fields: [field] })).asBefore(), true);
  assert.equal(await (await runningFor(1, { fields: ['SANDBOX_UNIT_FILES=other'] })).asBefore(), true);
});

test('a run that shows no files has them if it started after they were written', async () => {
  assert.equal(await (await runningFor(1)).asBefore(), false);
  assert.equal(await (await runningFor(120)).asBefore(), true);
});

test("a service without sandbox-unit's files, or without a process, has none", async () => {
  const { asBefore } = await runningFor(120);
  assert.equal(await asBefore([]), false);
  for (const properties of [
    { ActiveState: 'inactive' },
    { ActiveState: 'activating', SubState: 'auto-restart' },
  ])
    assert.equal(await (await runningFor(120, { properties })).asBefore(), false);
});

test("a run whose files were loaded by tighten has them, and the next run doesn't", async () => {
  const fields = ['SANDBOX_UNIT_FILES=other'];
  const { context, files, asBefore } = await runningFor(120, { fields });
  const injection = { at: 1, by: 'apply', deny: [], files: filesHash(files) } as const;
  await addInjection(context, UNIT, { ...injection, invocation: '02' });
  assert.equal(await asBefore(), true);
  await addInjection(context, UNIT, { ...injection, invocation: '01', files: 'of-others' });
  assert.equal(await asBefore(), true);
  await addInjection(context, UNIT, { ...injection, invocation: '01' });
  assert.equal(await asBefore(), false);
});
