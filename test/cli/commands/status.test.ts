import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../../src/cli/commands/apply.js';
import { status } from '../../../src/cli/commands/status.js';
import { NO_EXEC, OTHER, SERVICE, UNIT } from '../../support/demo-service.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';
import { KEPT_FILE, kept, keptFile } from '../../support/kept-refusals.js';
import { assertKeys, printed } from '../../support/printed-json.js';
import { machine, record, START } from '../../support/refusals-in-memory.js';
import { applied, POLICY, shown } from '../../support/status-in-memory.js';

test('status: without operands each confined unit has a line', async () => {
  const system = await applied(NO_EXEC, {}, { units: [UNIT, 'other.service'], files: OTHER });
  const { exit, text } = await shown(system);
  assert.equal(exit, 0);
  assert.equal(
    text,
    'UNIT           MODE       STATE        DRIFT  REFUSED  POLICY\n' +
      'demo.service   enforcing  live         -      -        /etc/sandbox-unit/demo.service.toml\n' +
      'other.service  enforcing  not running  -      -        /etc/sandbox-unit/other.service.toml\n',
  );
  assert.deepEqual(system.changes, []);
});

test("status: says that no unit is confined, and doesn't ask the manager", async () => {
  const system = new FakeSystem({ files: { [`/usr/lib/systemd/system/${UNIT}`]: SERVICE } });
  const { exit, text } = await shown(system);
  assert.deepEqual([exit, text], [0, 'No unit is confined by sandbox-unit.\n']);
  assert.ok(system.calls.every((call) => call.startsWith('list ')));
});

test("status: a named unit that isn't confined is a finding, an unknown one an error", async () => {
  const system = await applied(NO_EXEC, {}, { files: OTHER });
  const unconfined = await shown(system, ['other', UNIT]);
  assert.deepEqual([unconfined.exit, unconfined.codes], [1, ['unconfined']]);
  const found = unconfined.all.map(({ unit, mode }) => `${unit} ${mode}`);
  assert.deepEqual(found, ['other.service null', 'demo.service enforcing']);
  for (const name of ['dem', 'a/b', 'demo.socket']) assert.equal((await shown(system, [name])).exit, 2);
  assert.deepEqual((await shown(system, ['dem'], true)).codes, ['no-unit']);
});

test('status: a name and an alias of a unit give one line', async () => {
  const system = await applied(NO_EXEC, {}, { aliases: { 'alias.service': UNIT } });
  const { all } = await shown(system, ['alias', 'demo']);
  const units = all.map(({ unit }) => unit);
  assert.deepEqual(units, [UNIT]);
});

test('status --root: says nothing about running services', async () => {
  const system = await applied();
  const { exit, mode, state, text } = await shown(system, [], true);
  assert.deepEqual([exit, mode, state], [0, 'enforcing', null]);
  assert.match(text, new RegExp(`^demo\\.service +enforcing +- +- +- +${POLICY}$`, 'm'));
  assert.ok(!system.calls.some((call) => call.startsWith('unit ')));
});

test('status: ignores folders whose names are no services', async () => {
  const system = await applied();
  for (const name of ['a b.service', 'x.socket', 'demo']) {
    await system.replace(`/etc/systemd/system/${name}.d/zz-sandbox-unit.conf`, new Uint8Array(), {
      mode: 0o644,
    });
  }
  const units = (await shown(system)).all.map(({ unit }) => unit);
  assert.deepEqual(units, [UNIT]);
});

test('status: counts the calls that a service was refused since its start, also in JSON', async () => {
  const records = [record(100, 165), record(100, 41), record(900, 165)];
  const system = machine({ records, begins: START - 60 });
  const outcome = await apply(fakeContext(system), ['demo.service'], { restart: false });
  assert.equal(outcome.exit, 0);
  const found = await status(fakeContext(system), []);
  const { json, text } = found;
  assert.match(text, /^UNIT +MODE +STATE +DRIFT +REFUSED +POLICY\ndemo\.service +enforcing .* 2\? +\/etc/);
  const [unit] = json.units as { refused: { count: number; unseen: string[]; calls: { call: string }[] } }[];
  assert.deepEqual([unit!.refused.count, unit!.refused.unseen], [2, ['unowned']]);
  assert.deepEqual(
    unit!.refused.calls.map(({ call }) => call),
    ['mount', 'socket'],
  );
  const now = system.now();
  system.files.set(KEPT_FILE, keptFile({ since: 0, until: now, refusals: [kept({ count: 4 })] }));
  const watched = await status(fakeContext(system), []);
  assert.match(watched.text, / 4 +\/etc/);
  const outcomes = [printed(found), printed(watched)];
  assert.ok(!assertKeys('status', outcomes).some((key) => key.startsWith('units[].refused')));
});
