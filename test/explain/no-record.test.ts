import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/commands/apply.js';
import { noRecord } from '../../src/explain/no-record.js';
import { prepare } from '../../src/prepare/prepare.js';
import { setPolicy } from '../support/apply-in-memory.js';
import { fakeContext } from '../support/fake-system.js';
import { explained, machine, POLICY, record, UNIT } from '../support/refusals-in-memory.js';

test('records that are missing, and an end without one, are errors', async () => {
  const prepared = await prepare(fakeContext(machine()), UNIT, {});
  const of = (killed: boolean, suppressed: boolean) =>
    noRecord(prepared, { found: false, killed, suppressed })[0]!;
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

test('beside calls on record others are told of that an errno hides, whatever lets them fail', async () => {
  const told = async (policy: string, distort = (_: Map<string, unknown>) => {}) => {
    const system = machine({ records: [record(100, 165)] }, { distort });
    setPolicy(system, policy);
    assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 0);
    return (await explained(system)).codes;
  };
  assert.deepEqual(await told(POLICY), []);
  assert.deepEqual(await told(POLICY.replace('"@mount"', '"@mount", "clone3:ENOSYS"')), []);
  assert.deepEqual(await told(POLICY.replace('"@mount"', '"@mount", "uname:EPERM"')), ['no-record']);
  assert.deepEqual(await told(POLICY.replace('[[sys', 'action = "EPERM"\n[[sys')), ['no-record']);
  assert.deepEqual(await told(POLICY, (set) => set.set('RestrictRealtime', true)), ['no-record']);
});
