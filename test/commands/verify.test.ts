import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '../../src/commands/verify.js';
import { machine } from '../support/apply-in-memory.js';
import { confined, open, READER } from '../support/confined-in-memory.js';
import { DROP_IN, FILTER, UNIT } from '../support/demo-service.js';
import { AGAIN, atBoot, enabled, putIntoForce, refuse } from '../support/enabled-in-memory.js';
import { type FakeSystem, fakeContext } from '../support/fake-system.js';

const found = async (system: FakeSystem, context = fakeContext(system)) => {
  const { exit, json, text, diagnostics } = await verify(context, [UNIT], {});
  const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  const [{ hint } = {}] = diagnostics.filter(({ severity }) => severity === 'error');
  return { exit, json, text, errors, hint };
};

test('a service whose filters mean its policy is enforced', async () => {
  const { exit, json, text, errors } = await found(await confined((meaning) => [meaning]));
  assert.deepEqual([exit, json.enforced, json.loaded, errors], [0, true, true, []]);
  assert.match(text, /^demo\.service: enforced \(/);
});

test('a call that gets through is a finding', async () => {
  const { exit, json, errors } = await found(await confined((meaning) => [open(meaning)]));
  assert.deepEqual([exit, json.enforced, errors.includes('looser')], [1, false, true]);
});

test('without the reader nothing is proven, and that is no success', async () => {
  const system = await confined((meaning) => [meaning]);
  system.files.delete(READER);
  const { exit, json, errors } = await found(system);
  assert.deepEqual([exit, json.enforced, errors.includes('no-reader')], [2, false, true]);
});

test('a unit that nothing was applied to is a finding', async () => {
  const { exit, errors, json } = await found(machine());
  assert.deepEqual([exit, json.loaded, errors.length], [1, false, 1]);
});

test('files that were changed since are a finding, whatever the kernel has', async () => {
  for (const path of [DROP_IN, FILTER]) {
    const system = await confined((meaning) => [meaning]);
    const file = system.files.get(path)!;
    system.files.set(path, { ...file, bytes: new TextEncoder().encode(`${system.text(path)}X=1\n`) });
    const { exit, errors } = await found(system);
    assert.deepEqual([exit, errors.includes('not-applied')], [1, true], path);
  }
});

test('a policy that is wrong is a finding, and nothing is read', async () => {
  const system = await confined((meaning) => [meaning]);
  const wrong = new TextEncoder().encode('[syscalls]\ndeny = ["no_such_call"]\n');
  system.files.set(`/etc/sandbox-unit/${UNIT}.toml`, { bytes: wrong, mode: 0o644 });
  system.calls.length = 0;
  const { exit } = await found(system);
  assert.equal(exit, 1);
  assert.ok(!system.calls.some((call) => call.includes('read-filters')));
});

test('a unit that the generator refuses is not as it should be, though it runs confined', async () => {
  const system = await confined((meaning) => [meaning]);
  await refuse(system, 'the unit has a new drop-in: /etc/systemd/system/demo.service.d/new.conf');
  const { exit, json, errors } = await found(system);
  assert.deepEqual([exit, json.enforced, json.loaded, errors], [1, false, false, ['refused-at-boot']]);
});

test('a unit that is enabled at boot, and runs without its policy, is told what mends that', async () => {
  const refused = await enabled();
  await refuse(refused, 'its manifest is cut short');
  const { exit, errors } = await found(refused, atBoot(refused));
  assert.deepEqual([exit, errors], [1, ['refused-at-boot']]);
  const free = await enabled({ ifChanged: 'run' });
  const runs = await found(free, atBoot(free));
  assert.deepEqual([runs.exit, runs.errors], [1, ['not-put-into-force']]);
  assert.match(runs.hint!, /^'sandbox-unit generate .* --if-changed run demo\.service && systemctl daemon-/);
});

test('files that the generator has put into force are made anew by it', async () => {
  const system = await enabled();
  await putIntoForce(system);
  const policy = new TextEncoder().encode('[syscalls]\ndeny = ["execve", "uname"]\n');
  system.files.set(`/etc/sandbox-unit/${UNIT}.toml`, { bytes: policy, mode: 0o644 });
  const { errors, hint } = await found(system, atBoot(system));
  assert.equal(errors[0], 'not-applied');
  assert.equal(hint, `'${AGAIN} && systemctl try-restart ${UNIT}' puts it right`);
});

test('of a unit that runs as before and is refused no next start is promised', async () => {
  const system = await enabled();
  await putIntoForce(system, false);
  await refuse(system, 'its manifest is cut short');
  const { diagnostics } = await verify(atBoot(system), [UNIT], {});
  const due = diagnostics.find(({ code }) => code === 'restart-due');
  assert.deepEqual([due?.message, due?.hint], [`${UNIT} runs as it was before`, undefined]);
});
