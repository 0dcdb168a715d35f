/** A unit that stays as it is needs no plan, and where anything has to be said of it one is made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnd, codesOf, machine, run, setPolicy, statesOf } from '../../support/apply-in-memory.js';
import { DROP_IN, FILTER, NO_EXEC } from '../../support/demo-service.js';
import type { FakeSystem } from '../../support/fake-system.js';

/** A policy that has advice: another call does the same as the refused one. */
const WITH_ADVICE = '[syscalls]\ndeny = ["execve"]\n';

/** Whether a plan was made. */
const hasPlan = ({ json }: Awaited<ReturnType<typeof run>>): boolean =>
  'plan' in (json.units as readonly object[])[0]!;

const applied = async (...given: Parameters<typeof machine>): Promise<FakeSystem> => {
  const system = machine(...given);
  assert.equal((await run(system)).exit, 0);
  return system;
};

function edit(system: FakeSystem, path: string, bytes: (was: Uint8Array) => Uint8Array): void {
  const file = system.files.get(path)!;
  system.files.set(path, { ...file, bytes: bytes(file.bytes) });
}

test('apply: makes no plan for an unchanged unit, unless a plan is shown', async () => {
  const system = await applied();
  const again = await run(system);
  assert.deepEqual([again.exit, again.text, codesOf(again)], [0, 'demo.service: unchanged\n', []]);
  assert.ok(!hasPlan(again));
  for (const options of [{ json: true }, { check: true }]) {
    const shown = await run(system, options);
    assert.deepEqual([shown.exit, statesOf(shown)], [0, ['demo.service unchanged']]);
    assert.ok(hasPlan(shown));
  }
});

test('apply: prints advice on a policy when it is applied or its plan is shown, not for an unchanged unit', async () => {
  const system = machine({}, WITH_ADVICE);

  assert.ok(codesOf(await run(system)).includes('warning open-door'));
  assert.deepEqual(codesOf(await run(system)), []);
  assert.deepEqual(codesOf(await run(system, { check: true })), ['warning open-door']);
  assert.deepEqual(codesOf(await run(system, { json: true })), ['warning open-door']);
});

test('apply: refuses an unchanged unit if other users can change what starts it', async () => {
  const untrusted: string[] = [];
  const system = await applied({ untrusted });
  untrusted.push('/usr/local/libexec');
  const result = await run(system);
  assertEnd(result, [1, ['demo.service refused'], ['error untrusted-path']]);
});

test('apply: finds what systemd has loaded differently, though the files are unchanged', async () => {
  let isOther = false;
  const distort = (properties: Map<string, unknown>) => {
    if (isOther) properties.set('ExecStartEx', [['/usr/sbin/demod', ['/usr/sbin/demod'], []]]);
  };
  const system = await applied({ distort });
  isOther = true;
  const result = await run(system);
  assert.deepEqual(statesOf(result), ['demo.service rolled-back']);
  assert.ok(codesOf(result).includes('error drift-loaded'));
});

test('apply: finds that a service has no filter, though its files are unchanged', async () => {
  const system = machine({ behaviour: () => 'is-open' }, '[syscalls]\ndeny = ["execve", "execveat"]\n');
  const first = await run(system, { restart: false });
  assert.deepEqual(statesOf(first), ['demo.service applied']);
  await system.restart('demo.service');
  const result = await run(system);
  assert.deepEqual([statesOf(result), codesOf(result)], [['demo.service refused'], ['error looser']]);
});

for (const [what, change] of [
  ['the policy', (system) => setPolicy(system, `${NO_EXEC}# more\n`)],
  ['the drop-in', (system) => edit(system, DROP_IN, (was) => Uint8Array.of(...was, 10))],
  ['the filter', (system) => edit(system, FILTER, (was) => was.with(-1, 1))],
  ["the filter's mode", (system) => system.files.set(FILTER, { ...system.files.get(FILTER)!, mode: 0o666 })],
] as readonly [string, (system: FakeSystem) => void][])
  test(`apply: plans again, and writes the difference, if ${what} has changed`, async () => {
    const system = await applied();
    const filter = system.files.get(FILTER)!;
    change(system);
    const result = await run(system);
    assert.deepEqual(statesOf(result), ['demo.service applied']);
    assert.deepEqual(system.files.get(FILTER), filter);
  });

test('apply: plans for a permissive unit, and reports it as permissive', async () => {
  const system = machine();
  await run(system, { permissive: true });
  const again = await run(system, { permissive: true });
  assert.match(again.text!, /^demo\.service: unchanged, permissive$/m);
});

test('apply: plans if a running service was started with older files', async () => {
  const system = machine();
  await run(system, { restart: false });
  const result = await run(system, { restart: false });
  assert.deepEqual([statesOf(result), codesOf(result)], [['demo.service unchanged'], ['note restart-due']]);
});
