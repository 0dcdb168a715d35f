/** Tests of all of apply/revert/: what goes, in which order, and what stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, error, UserError } from '../../src/diagnostic.js';
import { statesOf } from '../support/apply-in-memory.js';
import { FOLDER, LAUNCHER, NO_EXEC, OTHER, SERVICE, UNIT } from '../support/demo-service.js';
import { type FakeSystem, machineWith } from '../support/fake-system.js';
import { applied, run } from '../support/revert-in-memory.js';

test('revert: removes the drop-in, reloads, restarts the service, then removes what the drop-in needed', async () => {
  const system = await applied();
  const result = await run(system);
  assert.deepEqual(
    [result.exit, result.json.changed, statesOf(result)],
    [0, true, ['demo.service reverted']],
  );
  assert.deepEqual(system.changes, [
    `remove ${FOLDER}/zz-sandbox-unit.conf`,
    'reload',
    'restart demo.service',
    `remove ${FOLDER}/zz-sandbox-unit.filter`,
    // As long as the unit may be rolled back it is needed.
    `remove ${LAUNCHER}`,
  ]);
  assert.ok(system.isUpToDate);
});

test('revert: the launcher stays while transient units use it', async () => {
  const transient = '/run/systemd/transient';
  const files = {
    [`${transient}/run-r0.service`]: `[Service]\nExecStart=@${LAUNCHER} "${LAUNCHER}" "--filter-base64=A"\n`,
    [`${transient}/other.service`]: '[Service]\nExecStart=@/bin/true "true"\n',
  };
  const system = await applied({ files });
  assert.equal((await run(system)).exit, 0);
  assert.ok(system.files.has(LAUNCHER));
  const ended = await applied({
    files: { [`${transient}/other.service`]: files[`${transient}/other.service`]! },
  });
  assert.equal((await run(ended)).exit, 0);
  assert.ok(!ended.files.has(LAUNCHER));
});

const PROGRAMS = `${FOLDER}/zz-sandbox-unit.programs`;

test('revert: removes only the programs that an earlier version wrote to their folder', async () => {
  const system = await applied({
    files: {
      [`${PROGRAMS}/old`]: '',
      [`${PROGRAMS}/old.launch`]: `#!${LAUNCHER} --script\nfilter=/x\nprogram=/y\n`,
      [`${PROGRAMS}/notes`]: 'of the administrator',
      [`${PROGRAMS}/link`]: '',
    },
    links: { [`${PROGRAMS}/link`]: '/etc/empty' },
  });
  await run(system);
  const found = [...system.files.keys()].filter((path) => path.startsWith(PROGRAMS));
  assert.deepEqual(found, [`${PROGRAMS}/notes`, `${PROGRAMS}/link`]);
});

test("revert: doesn't follow a link in place of the folder of programs", async () => {
  const system = await applied({ files: { [`${PROGRAMS}/a`]: '' }, links: { [PROGRAMS]: '/tmp/precious' } });
  await run(system);
  assert.ok(system.files.has(`${PROGRAMS}/a`));
});

/** Lets a call fail the next time that it is made. */
function failOnce(system: FakeSystem, method: 'reload' | 'remove', path?: string): void {
  const works = system[method].bind(system) as (path: string) => Promise<void>;
  system[method] = async (asked?: string) => {
    if (asked !== path) return works(asked!);
    system[method] = works as () => Promise<void>;
    throw new UserError(error('manager-refused', `${method} fails`), EXIT.failure);
  };
}

for (const [what, policy] of [
  ['the launcher', NO_EXEC],
  ['systemd alone', '[syscalls]\ndeny = ["uname"]\n'],
] as const) {
  test(`revert: if the reload fails, the next run reverts a policy that ${what} enforces`, async () => {
    const system = await applied({}, [UNIT], policy);
    failOnce(system, 'reload');
    const launcher = system.files.has(LAUNCHER);
    const first = await run(system);
    assert.deepEqual([first.exit, statesOf(first)], [2, ['demo.service failed']]);
    assert.equal(system.files.has(LAUNCHER), launcher, 'the loaded drop-in needs it');
    assert.deepEqual(statesOf(await run(system, { check: true })), ['demo.service pending']);
    const second = await run(system);
    assert.deepEqual([second.exit, statesOf(second)], [0, ['demo.service reverted']]);
    assert.ok(system.isUpToDate);
    assert.ok(!system.isConfined(UNIT));
    assert.ok(!system.files.has(LAUNCHER));
    assert.deepEqual(statesOf(await run(system)), ['demo.service unchanged']);
  });
}

test("revert: a file that can't be removed doesn't stop the other units", async () => {
  const units = [UNIT, 'other.service'];
  const path = `${FOLDER}/zz-sandbox-unit.conf`;
  const system = await applied({ files: OTHER }, units);
  failOnce(system, 'remove', path);
  const result = await run(system, {}, units);
  assert.deepEqual([result.exit, statesOf(result)], [2, ['demo.service failed', 'other.service reverted']]);
  for (const file of [path, path.replace('.conf', '.filter'), LAUNCHER]) assert.ok(system.files.has(file));
  assert.ok(!system.isConfined('other.service'));
  assert.deepEqual(statesOf(await run(system)), ['demo.service reverted']);
  assert.ok(!system.files.has(LAUNCHER));
});

test('revert of a template: removes its files, and restarts nothing', async () => {
  const template = 'tpl@.service';
  const files = {
    '/usr/lib/systemd/system/tpl@.service': SERVICE,
    [`/etc/systemd/system/${template}.d/zz-sandbox-unit.conf`]: '[Service]\n',
  };
  const distort = (properties: Map<string, unknown>) => {
    if (properties.get('Id') === template) throw new Error('systemd has no such unit');
  };
  const system = machineWith(SERVICE, NO_EXEC, { files, distort });
  const result = await run(system, {}, [template]);
  assert.deepEqual([result.exit, statesOf(result)], [0, ['tpl@.service reverted']]);
  assert.deepEqual(system.changes.slice(1), ['reload']);
});

test('revert: a service that must not be restarted keeps running, and that is reported', async () => {
  const distort = (properties: Map<string, unknown>) => properties.set('RefuseManualStop', true);
  const system = await applied({ distort });
  const result = await run(system);
  assert.deepEqual([result.exit, result.diagnostics.map(({ code }) => code)], [0, ['restart-due']]);
  assert.ok(!system.changes.some((call) => call.startsWith('restart ')));
});

test('revert: leaves drop-ins of others', async () => {
  const files = { [`${FOLDER}/override.conf`]: '[Service]\nNice=5\n' };
  const system = await applied({ files });
  await run(system);
  assert.equal(system.text(`${FOLDER}/override.conf`), '[Service]\nNice=5\n');
});

test("revert: the launcher stays while another unit has sandbox-unit's drop-in", async () => {
  const units = [UNIT, 'other.service'];
  const system = await applied({ files: OTHER }, units);
  await run(system);
  assert.ok(system.files.has(LAUNCHER));
  await run(system, {}, ['other']);
  assert.ok(!system.files.has(LAUNCHER));
});
