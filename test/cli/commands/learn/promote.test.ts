import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learn } from '../../../../src/cli/commands/learn/learn.js';
import { UNIT } from '../../../support/demo-service.js';
import { assertOf, printed } from '../../../support/printed-json.js';
import { applied, POLICY, used } from '../../../support/trial-in-memory.js';

test('learn --promote: allows what was used, refuses the rest, and leaves the rest of the file', async () => {
  const { context, text } = await applied([used()]);
  const outcome = await learn(context, [UNIT], { promote: true });
  const { exit, text: said, json, diagnostics } = outcome;
  assert.equal(exit, 0);
  assertOf('learn', printed(outcome));
  for (const key of ['unit', 'policy', 'seconds', 'allowed', 'unused', 'ruled', 'kept'])
    assert.ok(key in json, key);
  assert.deepEqual([json.allowed, json.unused], [['poll'], ['chmod']]);
  assert.match(said, /^\+.*"poll"/m);
  assert.match(text(), /^# mine\n/);
  assert.match(text(), /^deny = \["execve", "chmod"\]$/m);
  assert.match(diagnostics.at(-1)!.hint!, /sandbox-unit apply demo\.service/);
});

test('learn --promote --check: changes nothing, and exits with 3', async () => {
  const { context, text } = await applied([used()]);
  const { exit, text: said } = await learn(context, [UNIT], { promote: true, check: true });
  assert.deepEqual([exit, text()], [3, POLICY]);
  assert.match(said, /"poll"/);
});

test('learn --promote: a policy that logs nothing has nothing to promote', async () => {
  const { context } = await applied([used()], POLICY.replace(/^log.*\n/m, ''));
  const { exit, diagnostics } = await learn(context, [UNIT], { promote: true });
  assert.deepEqual([exit, diagnostics.map(({ code }) => code)], [0, ['not-promoted']]);
});
