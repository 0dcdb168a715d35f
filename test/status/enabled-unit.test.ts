/** `status` of units that are enabled at boot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '../../src/commands/status.js';
import { enabledManifest } from '../../src/paths/at-boot.js';
import { dropInPath } from '../../src/paths/own-files.js';
import { LAUNCHER, UNIT } from '../support/demo-service.js';
import { AGAIN, atBoot, enabled, putIntoForce, refuse } from '../support/enabled-in-memory.js';
import type { FakeSystem } from '../support/fake-system.js';
import { POLICY } from '../support/status-in-memory.js';

interface Row {
  readonly unit: string;
  readonly state: string;
  readonly policy: string | null;
  readonly drift: readonly string[];
}

async function seen(system: FakeSystem, units: readonly string[] = []) {
  const { exit, json, text, summary, diagnostics } = await status(atBoot(system), units);
  const { changed } = summary!(json) as { changed: boolean };
  const told = diagnostics.filter(({ severity }) => severity !== 'note');
  return { exit, text, changed, rows: json.units as Row[], told, hint: told[0]?.hint };
}

const TRY = `'${AGAIN} && systemctl try-restart ${UNIT}'`;

test('a unit that runs by its files, and that the generator refuses, has drift', async () => {
  const system = await enabled();
  await putIntoForce(system);
  assert.deepEqual((await seen(system)).exit, 0);
  await refuse(system, 'the unit has a new drop-in: /etc/systemd/system/demo.service.d/new.conf');
  for (const units of [[], [UNIT]]) {
    const { exit, text, changed, rows, told } = await seen(system, units);
    assert.deepEqual(
      [exit, changed, rows.map(({ state, drift }) => [state, drift])],
      [1, true, [['live', ['refused-at-boot']]]],
    );
    assert.match(text, /^demo\.service +enforcing +live +refused-at-boot +/m);
    assert.deepEqual(
      told.map(({ code, message }) => [code, message]),
      [
        [
          'refused-at-boot',
          "demo.service can't start: the unit has a new drop-in: /etc/systemd/system/demo.service.d/new.conf",
        ],
      ],
    );
  }
});

test('a unit that has no files of ours is told, and why', async () => {
  const system = await enabled({}, { running: [] });
  await refuse(system, "its manifest can't be read, or others than root can change it");
  for (const units of [[], [UNIT]]) {
    const { exit, text, rows, told } = await seen(system, units);
    assert.deepEqual(
      [exit, rows.map(({ state, policy, drift }) => [state, policy, drift])],
      [1, [['not-running', POLICY, ['refused-at-boot']]]],
    );
    assert.match(text, /^demo\.service +- +not running +refused-at-boot +- +\/etc/m);
    assert.deepEqual(
      told.map(({ code }) => code),
      ['refused-at-boot'],
    );
  }
});

test('a unit that runs as if it had no policy is told, whatever is left of its files', async () => {
  for (const leaves of ['nothing', 'its filter']) {
    const system = await enabled({ ifChanged: 'run' });
    if (leaves === 'its filter') {
      await putIntoForce(system);
      system.files.delete(dropInPath(atBoot(system).placement, UNIT));
      await system.reload();
    }
    for (const units of [[], [UNIT]]) {
      const { exit, rows, told, hint } = await seen(system, units);
      assert.deepEqual(
        [exit, rows.map(({ state, drift }) => [state, drift]), told.map(({ code }) => code)],
        [1, [['not-read', ['not-put-into-force']]], ['not-put-into-force']],
        leaves,
      );
      const again = TRY.replace(' demo.service &&', ' --if-changed run demo.service &&');
      assert.equal(hint, `${again} makes its files anew, and puts them into force`);
    }
  }
});

test('what has drifted of a unit is put right by its files for the generator', async () => {
  const system = await enabled();
  await putIntoForce(system);
  await system.replace(POLICY, new TextEncoder().encode('[syscalls]\ndeny = ["execve", "uname"]\n'), {
    mode: 0o644,
  });
  const changed = await seen(system);
  assert.deepEqual([changed.rows[0]!.drift, changed.hint], [['drift-policy'], TRY.slice(1, -1)]);
  system.files.delete(LAUNCHER);
  const { told } = await seen(system);
  const install = `install -D -m 755 /etc/sandbox-unit/enabled${LAUNCHER} ${LAUNCHER}`;
  assert.equal(
    told.find(({ code }) => code === 'file-missing')!.hint,
    TRY.slice(1, -1).replace(' && systemctl daemon', ` && ${install} && systemctl daemon`),
  );
});

test('a unit that is gone, and a manifest of none, are no finding', async () => {
  const system = await enabled();
  await system.replace(enabledManifest('a b'), new Uint8Array(), { mode: 0o644 });
  system.files.delete(`/usr/lib/systemd/system/${UNIT}`);
  await system.reload();
  const { exit, rows } = await seen(system);
  assert.deepEqual([exit, rows], [0, []]);
});
