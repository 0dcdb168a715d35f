import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../../../src/cli/commands/plan.js';
import { machine } from '../../support/apply-in-memory.js';
import { NO_EXEC, UNIT } from '../../support/demo-service.js';
import { type FakeOptions, fakeContext } from '../../support/fake-system.js';

async function planned(policy = NO_EXEC, options: FakeOptions = {}, { summary = false } = {}) {
  const system = machine(options, policy);
  const outcome = await plan(fakeContext(system), [UNIT], { summary });
  assert.deepEqual(system.changes, []);
  return { ...outcome, codes: outcome.diagnostics.map(({ severity, code }) => `${severity} ${code}`) };
}

test('plan: shows who enforces each line, and changes nothing', async () => {
  const { exit, text, codes } = await planned();
  assert.deepEqual([exit, codes], [0, []]);
  assert.match(text, /deny execve:kill +launcher/);
});

test('plan: a gap is a finding, and the plan is shown', async () => {
  const { exit, text, codes } = await planned('[service]\nPrivatePIDs = true\n', { systemd: '252' });
  assert.deepEqual([exit, codes], [1, ['error gap-directive']]);
  assert.match(text, /PrivatePIDs +nobody/);
});

test('plan: a wrong policy has no table, which would look complete', async () => {
  const { exit, text } = await planned('[syscalls]\ndeny = ["no_such_call"]\n[service]\nPrivateTmp = true\n');
  assert.deepEqual([exit, text], [1, '']);
});

test('plan: a trial that could not be undone is a finding', async () => {
  const distort = (properties: Map<string, unknown>) => properties.set('FailureAction', 'reboot');
  const { exit, codes } = await planned(NO_EXEC, { distort });
  assert.deepEqual([exit, codes.filter((code) => code.startsWith('error')).length], [1, 1]);
});

test('plan: ends with the exposure; the summary precedes all that stays open', async () => {
  const exposure = 'Exposure: 9.6 UNSAFE without the policy, 8.9 EXPOSED with it\n';
  const policy = '[service]\nPrivateTmp = true\nProtectClock = true\n';
  const { text, json } = await planned(policy);
  assert.ok(text.endsWith(`\n\n${exposure}`), text);
  assert.deepEqual([json.exposure, json.open], [{ before: 9.6, after: 8.9 }, undefined]);
  const summary = await planned(policy, {}, { summary: true });
  assert.ok(summary.text.startsWith(`${exposure}\n  DOOR `), summary.text);
  assert.equal((summary.json.open as { exposure: number }).exposure, 8.9);
});

test('plan: has no exposure if there is an error', async () => {
  const { text, json } = await planned('[syscalls]\ndeny = ["no_such_call"]\n', {}, { summary: true });
  assert.deepEqual([text, json.exposure, json.open], ['', null, undefined]);
});
