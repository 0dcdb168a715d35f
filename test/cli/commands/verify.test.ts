import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '../../../src/cli/commands/verify.js';
import { machine } from '../../support/apply-in-memory.js';
import { confined, open, READER } from '../../support/confined-in-memory.js';
import { DROP_IN, FILTER, UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';

const found = async (system: FakeSystem, context = fakeContext(system)) => {
  const { exit, json, text, diagnostics } = await verify(context, [UNIT], {});
  const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  const [{ hint } = {}] = diagnostics.filter(({ severity }) => severity === 'error');
  return { exit, json, text, errors, hint };
};

test('verify: a service whose filters match its policy is enforced', async () => {
  const { exit, json, text, errors } = await found(await confined((meaning) => [meaning]));
  assert.deepEqual([exit, json.enforced, json.loaded, errors], [0, true, true, []]);
  assert.match(text, /^demo\.service: enforced \(/);
});

test('verify: a call that gets through is a finding', async () => {
  const { exit, json, errors } = await found(await confined((meaning) => [open(meaning)]));
  assert.deepEqual([exit, json.enforced, errors.includes('looser')], [1, false, true]);
});

test('verify: without the reader nothing is proven, which is no success', async () => {
  const system = await confined((meaning) => [meaning]);
  system.files.delete(READER);
  const { exit, json, errors } = await found(system);
  assert.deepEqual([exit, json.enforced, errors.includes('no-helper')], [2, false, true]);
});

test('verify: a unit without a policy is a finding', async () => {
  const { exit, errors, json } = await found(machine());
  assert.deepEqual([exit, json.loaded, errors.length], [1, false, 1]);
});

test('verify: changed files are a finding, whatever the kernel has', async () => {
  for (const path of [DROP_IN, FILTER]) {
    const system = await confined((meaning) => [meaning]);
    const file = system.files.get(path)!;
    system.files.set(path, { ...file, bytes: new TextEncoder().encode(`${system.text(path)}X=1\n`) });
    const { exit, errors } = await found(system);
    assert.deepEqual([exit, errors.includes('not-applied')], [1, true], path);
  }
});

test('verify: a wrong policy is a finding, and nothing is read', async () => {
  const system = await confined((meaning) => [meaning]);
  const wrong = new TextEncoder().encode('[syscalls]\ndeny = ["no_such_call"]\n');
  system.files.set(`/etc/sandbox-unit/${UNIT}.toml`, { bytes: wrong, mode: 0o644 });
  system.calls.length = 0;
  const { exit } = await found(system);
  assert.equal(exit, 1);
  assert.ok(!system.calls.some((call) => call.includes('read-filters')));
});
