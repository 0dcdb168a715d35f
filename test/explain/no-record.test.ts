import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { watchCommand } from '../../src/explain/no-record.js';
import { setPolicy } from '../support/apply-in-memory.js';
import { fakeContext } from '../support/fake-system.js';
import { explained, machine, POLICY, record, UNIT } from '../support/refusals-in-memory.js';

const told = async (policy: string) => {
  const system = machine({ records: ['a line'] });
  setPolicy(system, policy);
  assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 0);
  return explained(system);
};

test('a healthy service without a record: a note names the calls that leave none', async () => {
  for (const policy of [POLICY, POLICY.replace('[[sys', 'action = "EPERM"\n[[sys')]) {
    const { exit, codes, text, diagnostics } = await told(policy);
    assert.deepEqual([exit, codes], [0, ['no-record']]);
    assert.match(text, /^demo\.service: no refused call is on record since \S+\n$/);
    assert.equal(diagnostics[0]!.message, 'calls that fail with an errno leave no record');
    assert.match(
      diagnostics[0]!.hint!,
      /^'sandbox-unit watch demo\.service' shows .*; '.* explain --record demo\.service' restarts the service,/,
    );
  }
});

test('the command that shows calls as they are refused has only options that it takes', () => {
  assert.equal(watchCommand('system', UNIT), `sandbox-unit watch ${UNIT}`);
  assert.equal(watchCommand('user', UNIT), `sandbox-unit learn --for 1min --user ${UNIT}`);
});

test('a service that was killed without a record is not called healthy', async () => {
  const killed = { MainPID: 0, ExecMainCode: 2, ExecMainStatus: 31 };
  const distort = (properties: Map<string, unknown>) => {
    for (const [name, value] of Object.entries(killed)) properties.set(name, value);
  };
  const { exit, codes, diagnostics } = await explained(machine({ records: ['a line'] }, { distort }));
  assert.deepEqual([exit, codes], [2, ['records-incomplete']]);
  assert.match(diagnostics[0]!.message, /^demo\.service was killed for a refused call/);
});

test('beside recorded calls a note names those that leave no record', async () => {
  const codesOf = async (policy: string, distort = (_: Map<string, unknown>) => {}) => {
    const system = machine({ records: [record(100, 165)] }, { distort });
    setPolicy(system, policy);
    assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 0);
    return (await explained(system)).codes;
  };
  assert.deepEqual(await codesOf(POLICY), []);
  assert.deepEqual(await codesOf(POLICY.replace('"@mount"', '"@mount", "clone3:ENOSYS"')), []);
  assert.deepEqual(await codesOf(POLICY.replace('"@mount"', '"@mount", "uname:EPERM"')), ['no-record']);
  assert.deepEqual(await codesOf(POLICY.replace('[[sys', 'action = "EPERM"\n[[sys')), ['no-record']);
  assert.deepEqual(await codesOf(POLICY, (set) => set.set('RestrictRealtime', true)), ['no-record']);
});
