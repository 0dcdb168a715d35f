/** Every unit that has a policy: apply/apply/all-units.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { codesOf, machine, run, setPolicy, statesOf } from '../support/apply-in-memory.js';
import { DROP_IN, NO_EXEC, OTHER, SERVICE, UNIT } from '../support/demo-service.js';
import { type FakeOptions, type FakeSystem, fakeContext } from '../support/fake-system.js';

/** A machine with two units that have a policy, of which none is applied. */
const two = (options: FakeOptions = {}) => machine({ ...options, files: { ...OTHER, ...options.files } });

const all = (system: FakeSystem, options = {}) => run(system, { all: true, ...options }, []);

test('apply --all: applies each unit with a policy, and the second time only what has changed', async () => {
  const system = two();
  assert.deepEqual(statesOf(await all(system)), ['demo.service applied', 'other.service applied']);
  system.calls.length = 0;
  const again = await all(system);
  assert.deepEqual(
    [again.exit, statesOf(again), system.changes],
    [0, ['demo.service unchanged', 'other.service unchanged'], []],
  );
  setPolicy(system, '[syscalls]\ndeny = ["ptrace"]\n');
  assert.equal((await all(system, { check: true })).exit, 3);
  const changed = await all(system);
  assert.deepEqual(statesOf(changed), ['demo.service applied', 'other.service unchanged']);
});

test('apply --all: a policy with an error refuses its unit, and no other', async () => {
  const system = two();
  setPolicy(system, '[syscalls]\ndeny = ["no_such_call"]\n');
  const result = await all(system);
  assert.deepEqual([result.exit, statesOf(result)], [1, ['demo.service refused', 'other.service applied']]);
});

test('apply --all: a permissive unit stays permissive, unless it is applied by its name', async () => {
  const system = machine();
  await run(system, { permissive: true });
  setPolicy(system, '[syscalls]\ndeny = ["execve", "ptrace"]\n');
  await all(system);
  assert.match(system.text(DROP_IN), /^# Permissive:/m);
  await run(system);
  assert.doesNotMatch(system.text(DROP_IN), /^# Permissive:/m);
  assert.deepEqual(statesOf(await all(system, { permissive: true })), ['demo.service applied']);
  assert.match(system.text(DROP_IN), /^# Permissive:/m);
});

test('apply --all: leaves a unit alone that was applied by another policy or until the next boot', async () => {
  const named = machine({ files: { '/srv/named.toml': NO_EXEC } });
  named.files.delete('/etc/sandbox-unit/demo.service.toml');
  await run(named, { policy: '/srv/named.toml' });
  const one = await all(named);
  assert.deepEqual(
    [one.exit, statesOf(one), codesOf(one)],
    [0, [], ['note no-policy', 'note left-as-it-is']],
  );
  assert.equal(
    one.diagnostics[1]!.hint,
    "'sandbox-unit apply --policy /srv/named.toml demo.service' applies it again",
  );
  named.files.delete('/srv/named.toml');
  assert.equal(
    (await all(named)).diagnostics[1]!.hint,
    "its policy is gone: 'sandbox-unit revert demo.service' removes its confinement",
  );
  const until = DROP_IN.replace('/etc/', '/run/');
  const runtime = machine({ files: { [until]: '# sandbox-unit\n' } });
  await run(runtime);
  const text = runtime.text(DROP_IN);
  for (const path of [...runtime.files.keys()].filter((name) => name.startsWith('/etc/systemd/')))
    runtime.files.delete(path);
  runtime.files.set(until, { bytes: new TextEncoder().encode(text), mode: 0o644 });
  // It has a policy, which the notes must not deny.
  const result = await all(runtime);
  assert.deepEqual(codesOf(result), ['note left-as-it-is']);
  const { message } = result.diagnostics[0]!;
  assert.match(message, /^demo\.service is left as it is: it is confined until the next boot$/);
  assert.match(result.diagnostics[0]!.hint!, /^'sandbox-unit apply --runtime demo\.service'/);
  runtime.files.delete('/etc/sandbox-unit/demo.service.toml');
  const gone = await all(runtime);
  assert.deepEqual(codesOf(gone), ['note no-policy', 'note left-as-it-is']);
  assert.match(gone.diagnostics[1]!.hint!, /'sandbox-unit revert demo\.service'/);
});

test('apply --all: applies an instance with a drop-in of its own, and not its template', async () => {
  const system = machine({
    files: {
      '/usr/lib/systemd/system/t@.service': SERVICE,
      '/etc/sandbox-unit/t@.service.toml': NO_EXEC,
    },
  });
  await run(system, {}, ['t@a.service']);
  const result = await all(system);
  assert.deepEqual(statesOf(result), ['demo.service applied', 't@a.service unchanged']);
});

test("apply --all: replaces a file that only has the name of sandbox-unit's drop-in", async () => {
  const system = machine({ files: { [DROP_IN]: '[Service]\nNice=1\n' } });
  assert.deepEqual(statesOf(await all(system)), ['demo.service applied']);
});

test("apply --all: warns about a policy without a unit; a unit that can't be read is an error", async () => {
  const stray = two({ files: { '/etc/sandbox-unit/none.service.toml': NO_EXEC } });
  const told = await all(stray);
  assert.deepEqual([told.exit, codesOf(told)[0]], [0, 'note not-applied']);
  const probe = two();
  await all(probe, { check: true });
  const asked = probe.calls.indexOf('unit other.service') + 1;
  const failing = two({ failAt: asked });
  const failed = await all(failing, { check: true });
  assert.equal(failed.exit, 1);
  assert.deepEqual(statesOf(failed), ['other.service refused', 'demo.service pending']);
});

test('apply: needs either unit names or --all, not both', async () => {
  const system = machine();
  await assert.rejects(run(system, { all: true }), /--all takes no unit names/);
  await assert.rejects(run(system, {}, []), /missing required argument/);
  assert.deepEqual(system.calls, []);
});

test('apply --all --root: applies all units of that system', async () => {
  const system = two();
  const result = await apply(fakeContext(system, { offline: true }), [], { all: true, check: true });
  const found = [result.exit, (result.json.units as { unit: string }[]).map(({ unit }) => unit)];
  assert.deepEqual(found, [3, [UNIT, 'other.service']]);
});
