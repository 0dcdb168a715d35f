/** Units of which systemd has yet to read files: apply/apply/plan-units.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnd, codesOf, machine, run, statesOf, unitsOf } from '../support/apply-in-memory.js';
import { DROP_IN, FOLDER, OTHER as OTHER_UNIT, UNIT } from '../support/demo-service.js';
import type { FakeOptions } from '../support/fake-system.js';

const OTHER = `${FOLDER}/10-other.conf`;

/** A machine whose manager has yet to read that a drop-in is gone. */
function stale(options: FakeOptions = {}) {
  const system = machine({ files: { [OTHER]: '[Service]\nMemoryMax=1G\n' }, ...options });
  system.files.delete(OTHER);
  return system;
}

const reloads = ({ calls }: { readonly calls: readonly string[] }) =>
  calls.filter((call) => call === 'reload').length;

test('apply: has systemd read changed files once, and plans units by them', async () => {
  const system = stale();
  const result = await run(system);
  assertEnd(result, [0, ['demo.service applied'], ['note reload-due', 'note refusals-unseen']]);
  assert.match(result.diagnostics[0]!.message, /because the files of demo\.service had changed$/);
  // Before the plan, and after the files are written.
  assert.equal(reloads(system), 2);
  assert.ok(system.calls.indexOf('reload') < system.calls.indexOf(`replace ${DROP_IN}`));
});

test("apply: doesn't reload a manager that has read all files", async () => {
  const system = machine();
  await run(system);
  assert.equal(reloads(system), 1);
  await run(system);
  assert.equal(reloads(system), 1);
});

test('apply --check: reloads nothing, and reports the reload that would be done', async () => {
  const system = stale();
  const result = await run(system, { check: true });
  assertEnd(result, [3, ['demo.service pending'], ['warning unit-changed']]);
  assert.match(result.diagnostics[0]!.hint!, /^'sandbox-unit apply demo\.service' reloads systemd first/);
  assert.equal(result.text, 'demo.service: pending\nsystemd has not read its changed files yet.\n');
  assert.deepEqual([unitsOf(result)[0]!.changes, reloads(system)], [[], 0]);
});

test("apply --no-reload: refuses a unit whose files systemd hasn't read, with --check, too", async () => {
  for (const check of [false, true]) {
    const system = stale();
    const result = await run(system, { check, reload: false });
    assertEnd(result, [2, ['demo.service refused'], ['error unit-changed']]);
    assert.deepEqual(system.changes, []);
  }
});

test("apply: doesn't reload systemd if it can't read a file, because the reload could hang", async () => {
  const system = stale({ unreadable: [DROP_IN] });
  system.files.set(DROP_IN, { bytes: new Uint8Array(), mode: 0o644 });
  const result = await run(system);
  assert.deepEqual([result.exit, statesOf(result)], [2, ['demo.service refused']]);
  assert.deepEqual(codesOf(result), ['error unreadable', 'error unit-changed']);
  assert.equal(reloads(system), 0);
});

test('apply: a failed reload refuses the units that need it, and no other', async () => {
  const probe = stale({ files: { [OTHER]: '', ...OTHER_UNIT } });
  await run(probe, {}, [UNIT, 'other.service']);
  const failAt = probe.calls.indexOf('reload') + 1;
  const system = stale({ files: { [OTHER]: '', ...OTHER_UNIT }, failAt });
  const result = await run(system, {}, [UNIT, 'other.service']);
  assert.deepEqual([result.exit, statesOf(result)], [2, ['demo.service refused', 'other.service applied']]);
  assert.deepEqual(codesOf(result).slice(0, 2), ['error manager-refused', 'error unit-changed']);
});

test('apply: refuses a unit if systemd reports changed files even after the reload', async () => {
  const system = machine({ distort: (all) => all.set('NeedDaemonReload', true) });
  const result = await run(system);
  assertEnd(result, [2, ['demo.service refused'], ['note reload-due', 'error unit-changed']]);
  assert.equal(reloads(system), 1);
});

test('apply: applies other units whatever systemd reports about the first', async () => {
  const second = { '/usr/lib/systemd/system/two.service': '[Service]\nExecStart=/usr/sbin/demod\n' };
  const policy = { '/etc/sandbox-unit/two.service.toml': '[syscalls]\ndeny = ["ptrace"]\n' };
  const system = machine({
    files: { ...second, ...policy },
    distort: (all) => all.get('Id') === UNIT && all.set('NeedDaemonReload', true),
  });
  const result = await run(system, {}, [UNIT, 'two.service']);
  assert.deepEqual([result.exit, statesOf(result)], [2, ['demo.service refused', 'two.service applied']]);
});
