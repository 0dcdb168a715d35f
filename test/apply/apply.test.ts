/** Tests of all of apply/apply/ and apply/unit-result.ts: a trial that fails is rolled back to what was there before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnd, codesOf, machine, run, setPolicy, sorted, statesOf } from '../support/apply-in-memory.js';
import { DROP_IN, FILTER, FOLDER, LAUNCHER, NO_EXEC, TIGHTEN, UNIT } from '../support/demo-service.js';
import type { Behaviour } from '../support/fake-system.js';

/** Ways in which a service may not stand its confinement. */
const FAILURES: readonly [says: string, behaviour: Behaviour, message: RegExp][] = [
  ['its restart fails', 'job-fails', /the restart of demo\.service ended with 'failed'/],
  ['it dies', 'dies', /demo\.service did not stay up \(signal, killed by SIGSYS/],
  ['it starts again and again', 'restarts', /demo\.service did not stay up/],
  ['it is over', 'finishes', /demo\.service is inactive after the restart/],
];

for (const [says, behaviour, message] of FAILURES) {
  test(`apply: if ${says}, everything is rolled back, and the service is started as before`, async () => {
    const system = machine({ behaviour: (_, confined) => (confined ? behaviour : 'works') });
    const before = sorted(system.files);
    const result = await run(system);
    assert.deepEqual([result.exit, statesOf(result)], [1, ['demo.service rolled-back']]);
    assert.match(result.diagnostics[0]!.message, message);
    assert.match(result.diagnostics[0]!.hint!, /the last line/);
    assert.deepEqual(sorted(system.files), before);
    // What the loaded drop-in needs stays until systemd has read that it is gone.
    assert.deepEqual(system.changes.slice(-6), [
      `remove ${FOLDER}/zz-sandbox-unit.conf`,
      'reload',
      'restart demo.service',
      `remove ${FOLDER}/zz-sandbox-unit.filter`,
      `remove ${LAUNCHER}`,
      `remove ${TIGHTEN}`,
    ]);
    assert.ok(system.isUpToDate);
  });
}

test('apply: a failed probe rolls everything back', async () => {
  const policy = `${NO_EXEC}[apply]\nsettle = "2s"\nprobe = ["/bin/probe", "x"]\n`;
  const programs = { '/bin/probe': () => ({ status: 22, stdout: '', stderr: 'no answer\n' }) };
  const system = machine({ programs }, policy);
  const before = sorted(system.files);
  const result = await run(system);
  assert.deepEqual([result.exit, statesOf(result)], [1, ['demo.service rolled-back']]);
  assert.match(result.diagnostics[0]!.message, /the probe '\/bin\/probe x' ended with status 22: no answer/);
  assert.deepEqual(sorted(system.files), before);
  assert.ok(system.calls.includes('wait 2000'));
});

test('apply: rolls back a file that systemd reads differently, and the service keeps running', async () => {
  const distort = (properties: Map<string, unknown>) => {
    properties.set('ExecStartEx', [['/usr/sbin/demod', ['/usr/sbin/demod'], []]]);
  };
  const system = machine({ distort });
  const before = sorted(system.files);
  const pid = system.pidOf(UNIT);
  const result = await run(system);
  assertEnd(result, [1, ['demo.service rolled-back'], ['error drift-loaded']]);
  assert.deepEqual(sorted(system.files), before);
  assert.equal(system.pidOf(UNIT), pid);
  assert.ok(system.isUpToDate);
});

test('apply: a roll-back restores the previous policy, not none', async () => {
  let confines = 0;
  const system = machine({ behaviour: () => (confines++ === 1 ? 'dies' : 'works') });
  await run(system);
  const before = sorted(system.files);
  setPolicy(system, `${NO_EXEC}[service]\nPrivateTmp = true\n`);
  const result = await run(system);
  assert.deepEqual([result.exit, statesOf(result)], [1, ['demo.service rolled-back']]);
  for (const path of [LAUNCHER, FILTER, DROP_IN]) assert.deepEqual(system.files.get(path), before.get(path));
});

test("apply: reports a service as down if it doesn't start again after the roll-back", async () => {
  const system = machine({ behaviour: () => 'job-fails' });
  const result = await run(system);
  assert.deepEqual(codesOf(result), ['error service-failed', 'error service-down']);
  assert.equal(result.exit, 1);
});
