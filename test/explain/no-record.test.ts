import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/commands/apply.js';
import { noRecord } from '../../src/explain/no-record.js';
import { prepare } from '../../src/prepare/prepare.js';
import { fakeContext } from '../support/fake-system.js';
import { explained, machine, POLICY, UNIT } from '../support/refusals-in-memory.js';

test('records that are missing, and an end without one, are errors', async () => {
  const prepared = await prepare(fakeContext(machine()), UNIT, {});
  const of = (killed: boolean, suppressed: boolean) => noRecord(prepared, { killed, suppressed });
  assert.deepEqual([of(false, false).severity, of(false, false).code], ['note', 'no-record']);
  for (const found of [of(true, false), of(false, true), of(true, true)])
    assert.deepEqual([found.severity, found.code], ['error', 'records-inconclusive']);
  assert.match(
    of(false, true).hint!,
    /^'sandbox-unit learn --for 1min demo\.service' sees .*; '.* explain --record demo\.service' restarts it,/,
  );
});

test('under a policy that lets calls fail, none on record shows nothing, but while it is permissive', async () => {
  const system = machine({ records: ['a line'] });
  const errno = POLICY.replace('[[sys', 'action = "EPERM"\n[[sys');
  system.files.set(`/etc/sandbox-unit/${UNIT}.toml`, { bytes: new TextEncoder().encode(errno), mode: 0o644 });
  assert.deepEqual((await explained(system)).codes, ['no-record'], 'it is not in force');
  assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 0);
  const { exit, codes, diagnostics } = await explained(system);
  assert.deepEqual([exit, codes], [2, ['records-inconclusive']]);
  assert.match(diagnostics[0]!.message, /: its policy lets them fail with EPERM, which leaves no record$/);
  assert.equal((await apply(fakeContext(system), [UNIT], { permissive: true })).exit, 0);
  const permissive = await explained(system);
  assert.deepEqual([permissive.exit, permissive.codes], [0, ['no-record']]);
});

test('a service that was killed for a call without a record is not said to be well', async () => {
  const killed = { MainPID: 0, ExecMainCode: 2, ExecMainStatus: 31 };
  const distort = (properties: Map<string, unknown>) => {
    for (const [name, value] of Object.entries(killed)) properties.set(name, value);
  };
  const { exit, codes, diagnostics } = await explained(machine({ records: ['a line'] }, { distort }));
  assert.deepEqual([exit, codes], [2, ['records-inconclusive']]);
  assert.match(diagnostics[0]!.message, /^demo\.service was killed for a refused call/);
});
