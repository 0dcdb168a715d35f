/** Units that are confined and not to be any more: apply/apply/purge.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { confirm } from '../../src/cli/commands/confirm.js';
import { codesOf, machine, run, statesOf, unitsOf } from '../support/apply-in-memory.js';
import { applyToConfirm, BOOT_FILES, machine as machineToConfirm } from '../support/confirm-in-memory.js';
import { DROP_IN, LAUNCHER, NO_EXEC, OTHER, SERVICE, UNIT } from '../support/demo-service.js';
import { type FakeOptions, type FakeSystem, fakeContext, withInput } from '../support/fake-system.js';

const SECOND = 'other.service';
const DROP_IN_OF = (unit: string) => DROP_IN.replace(UNIT, unit);
const POLICY_OF = (unit: string) => `/etc/sandbox-unit/${unit}.toml`;
const PURGE = { purge: true };

/** A machine with two confined units, both of which run. */
async function two(options: FakeOptions = {}): Promise<FakeSystem> {
  const system = machine({ running: [UNIT, SECOND], ...options, files: { ...OTHER, ...options.files } });
  assert.equal((await run(system, {}, [UNIT, SECOND])).exit, 0);
  system.calls.length = 0;
  return system;
}

const isConfined = (system: FakeSystem, unit: string) => system.files.has(DROP_IN_OF(unit));
const all = (system: FakeSystem, options = {}) => run(system, { all: true, ...PURGE, ...options }, []);

test("apply --purge: reverts a confined unit that isn't named, after applying the others", async () => {
  const system = await two();
  system.files.set(POLICY_OF(UNIT), {
    bytes: new TextEncoder().encode('[syscalls]\ndeny = ["ptrace"]\n'),
    mode: 0o644,
  });
  const result = await run(system, PURGE);
  assert.deepEqual([result.exit, statesOf(result)], [0, ['demo.service applied', 'other.service reverted']]);
  assert.ok(codesOf(result).includes('note purged'));
  assert.deepEqual([isConfined(system, UNIT), isConfined(system, SECOND)], [true, false]);
  assert.deepEqual([system.isConfined(SECOND), system.isUpToDate], [false, true]);
  const restarts = system.calls.filter((call) => call.startsWith('restart '));
  assert.deepEqual(restarts, ['restart demo.service', 'restart other.service']);
  assert.equal(system.calls.filter((call) => call.startsWith('lock ')).length, 1);
  assert.ok(!system.files.has(`/var/lib/sandbox-unit/${SECOND}.u`));
  // What the policy's file says is the administrator's.
  assert.ok(system.files.has(POLICY_OF(SECOND)));
  system.calls.length = 0;
  const again = await run(system, PURGE);
  assert.deepEqual([again.exit, statesOf(again), system.changes], [0, ['demo.service unchanged'], []]);
});

test('apply --purge --check: reports it, with the diff, and changes nothing', async () => {
  const system = await two();
  const result = await run(system, { ...PURGE, check: true, diff: true });
  assert.deepEqual([result.exit, statesOf(result)], [3, ['demo.service unchanged', 'other.service pending']]);
  assert.match(result.text, new RegExp(`^--- ${DROP_IN_OF(SECOND)}\n\\+\\+\\+ /dev/null$`, 'm'));
  const kinds = unitsOf(result)[1]!.changes.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['remove', 'remove']);
  assert.deepEqual(system.changes, []);
  // A unit that is yet to be applied keeps the launcher, too.
  system.files.delete(DROP_IN);
  const next = await run(system, { ...PURGE, check: true });
  assert.ok(!unitsOf(next)[1]!.changes.some(({ path }) => path === LAUNCHER));
});

test('apply: reverts no unit without --purge; --purge needs names or --all', async () => {
  const system = await two();
  assert.deepEqual(statesOf(await run(system)), ['demo.service unchanged']);
  assert.ok(isConfined(system, SECOND));
  await assert.rejects(run(system, PURGE, []), /missing required argument 'unit'/);
});

test('apply --all --purge: reverts units whose policy is gone, whether it was found or named', async () => {
  const system = await two({ files: { '/srv/named.toml': NO_EXEC } });
  assert.deepEqual(statesOf(await all(system)), ['demo.service unchanged', 'other.service unchanged']);
  system.files.delete(POLICY_OF(SECOND));
  assert.equal((await all(system, { check: true })).exit, 3);
  assert.deepEqual(statesOf(await all(system)), ['demo.service unchanged', 'other.service reverted']);
  // One that was named stays as long as it is there, and so does one that is kept.
  for (const policy of ['/srv/named.toml', '-']) {
    await apply(withInput(fakeContext(system), NO_EXEC), [SECOND], { policy });
    const stays = await all(system);
    assert.deepEqual(statesOf(stays), ['demo.service unchanged']);
    assert.ok(codesOf(stays).includes('note left-as-it-is'));
  }
  await run(system, { policy: '/srv/named.toml' }, [SECOND]);
  system.files.delete('/srv/named.toml');
  assert.deepEqual(statesOf(await all(system)), ['demo.service unchanged', 'other.service reverted']);
  // The last one takes the launcher along.
  system.files.delete(POLICY_OF(UNIT));
  const last = await all(system, { check: true });
  assert.ok(unitsOf(last)[0]!.changes.some(({ path }) => path === LAUNCHER));
  assert.deepEqual(statesOf(await all(system)), ['demo.service reverted']);
  assert.ok(!system.files.has(LAUNCHER));
});

test('apply --purge: a misspelt name reverts no unit', async () => {
  const system = await two();
  const result = await run(system, PURGE, [UNIT, 'othr.service']);
  assert.deepEqual([result.exit, statesOf(result)], [2, ['demo.service unchanged', 'othr.service refused']]);
  assert.ok(codesOf(result).includes('warning purged'));
  assert.ok(isConfined(system, SECOND));
});

test('apply --purge: an alias keeps its unit', async () => {
  const system = await two({ aliases: { 'second.service': SECOND } });
  const result = await run(system, PURGE, ['second.service']);
  assert.deepEqual(statesOf(result), ['other.service unchanged', 'demo.service reverted']);
});

test('apply --purge: a unit that waits to be confirmed is not reverted, which is an error', async () => {
  const system = machineToConfirm({ files: OTHER });
  assert.equal((await applyToConfirm(system)).exit, 3);
  const result = await run(system, PURGE, [SECOND]);
  assert.deepEqual(statesOf(result), ['other.service applied', 'demo.service refused']);
  assert.equal(result.exit, 1);
  assert.ok(codesOf(result).includes('error unconfirmed'));
  assert.ok(isConfined(system, UNIT));
  assert.equal((await confirm(fakeContext(system), [], {})).exit, 0);
  assert.ok(!BOOT_FILES.some((path) => system.files.has(path)));
  assert.deepEqual(statesOf(await run(system, PURGE, [SECOND])), [
    'other.service unchanged',
    'demo.service reverted',
  ]);
});

test('apply --purge: an instance with its own drop-in stays if its template is named, else both are reverted', async () => {
  const files = { '/usr/lib/systemd/system/t@.service': SERVICE, [POLICY_OF('t@.service')]: NO_EXEC };
  const system = machine({ files });
  await run(system, {}, [UNIT, 't@.service', 't@a.service']);
  const first = await run(system, PURGE, ['t@.service']);
  assert.deepEqual(statesOf(first), ['t@.service unchanged', 'demo.service reverted']);
  assert.ok(codesOf(first).includes('note left-as-it-is'));
  const instance = await run(system, PURGE, ['t@a.service']);
  assert.deepEqual(statesOf(instance), ['t@a.service unchanged', 't@.service reverted']);
  await run(system, {}, [UNIT]);
  assert.deepEqual(statesOf(await run(system, PURGE)), ['demo.service unchanged', 't@a.service reverted']);
});

test("apply --purge: leaves files that only have sandbox-unit's names, and recorded runs", async () => {
  const foreign = DROP_IN_OF('foreign.service');
  const recorded = DROP_IN_OF('recorded.service').replace(
    '/etc/systemd/system',
    '/run/systemd/system.control',
  );
  const system = await two();
  for (const path of [foreign, recorded]) {
    const text = path === foreign ? '[Service]\nNice=1\n' : system.text(DROP_IN);
    system.files.set(path, { bytes: new TextEncoder().encode(text), mode: 0o644 });
  }
  assert.deepEqual(statesOf(await run(system, PURGE, [UNIT, SECOND])), [
    'demo.service unchanged',
    'other.service unchanged',
  ]);
  assert.deepEqual(statesOf(await all(system)), ['demo.service unchanged', 'other.service unchanged']);
  assert.ok(system.files.has(foreign) && system.files.has(recorded));
});

test("apply --purge: a drop-in under a name that has become an alias doesn't revert the unit", async () => {
  const system = await two({ aliases: { 'old.service': UNIT } });
  system.files.set(DROP_IN_OF('old.service'), system.files.get(DROP_IN)!);
  const result = await run(system, PURGE, [UNIT, SECOND]);
  assert.ok(isConfined(system, UNIT));
  assert.deepEqual(statesOf(result).at(-1), 'old.service refused');
  assert.ok(codesOf(result).includes('error purged'));
});

test('apply --purge: leaves a transient unit alone', async () => {
  const system = await two();
  const unit = system.unit.bind(system);
  Object.assign(system, {
    unit: async (name: string) => {
      const state = await unit(name);
      return name === SECOND ? { ...state, transient: true } : state;
    },
  });
  const result = await run(system, PURGE);
  assert.deepEqual(statesOf(result), ['demo.service unchanged', 'other.service refused']);
  assert.ok(isConfined(system, SECOND));
});

test('apply --purge --root: removes files, also those until the next boot', async () => {
  const system = await two();
  const offline = (options = {}) =>
    apply(fakeContext(system, { offline: true }), [UNIT], { ...PURGE, ...options });
  assert.equal((await offline({ check: true })).exit, 3);
  assert.deepEqual(statesOf(await offline()), ['demo.service unchanged', 'other.service reverted']);
  assert.ok(!isConfined(system, SECOND));
  const placement = { scope: 'system', lifetime: 'runtime' } as const;
  await apply(fakeContext(system, { placement }), [SECOND], {});
  assert.deepEqual(statesOf(await run(system, PURGE)), ['demo.service unchanged', 'other.service reverted']);
  assert.ok(![...system.files.keys()].some((path) => path.includes(`${SECOND}.d/`)));
});

test('apply --purge: an interrupt keeps units from being reverted', async () => {
  const probe = await two();
  await run(probe, PURGE);
  const record = probe.calls.indexOf(`replace /var/lib/sandbox-unit/${SECOND}.u`) + 1;
  assert.ok(record > 0);
  const setUp = await two();
  const system = machine({
    running: [UNIT, SECOND],
    signalAt: record - 1,
    files: Object.fromEntries(setUp.files),
  });
  const result = await run(system, PURGE);
  assert.ok(codesOf(result).includes('error interrupted'));
  assert.ok(isConfined(system, SECOND));
});
