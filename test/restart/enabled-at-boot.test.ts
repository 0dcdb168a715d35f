/** Units that the generator keeps from starting: the reason, and the way out of each. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { apply } from '../../src/commands/apply.js';
import { revert } from '../../src/commands/revert.js';
import { AT_BOOT, ENABLED, refusalService } from '../../src/paths/at-boot.js';
import { filterPath } from '../../src/paths/own-files.js';
import { PACKAGED_LAUNCHER } from '../../src/paths/programs.js';
import { disableCommand } from '../../src/prepare/apply-again.js';
import { enabledAtBoot, refusedAtBoot } from '../../src/restart/enabled-at-boot.js';
import { servicesOf } from '../../src/state/service.js';
import { parseUnitName, type UnitName } from '../../src/unit/name.js';
import { DROP_IN, LAUNCHER, TIGHTEN, UNIT } from '../support/demo-service.js';
import { AGAIN, atBoot, enabled, MANIFEST, putIntoForce, refuse } from '../support/enabled-in-memory.js';
import { NATIVE } from '../support/native.js';

const OWN = `/usr/lib/systemd/system/${UNIT}`;
const DROPPED = '/run/systemd/system/service.d/new.conf';
const FOLDERS = '/etc/sandbox-unit /etc/sandbox-unit/enabled /etc/sandbox-unit/enabled/activate.d';
const DISABLE = `rm -rf ${MANIFEST} ${ENABLED}/run/systemd/system/${UNIT}.d && systemctl daemon-reload && sandbox-unit revert ${UNIT}`;
const STARTS = `; '${DISABLE}' has it start without`;
const ANEW = `'${AGAIN} && systemctl try-restart ${UNIT}' makes its files anew${STARTS}`;

/** Each reason of the generator's, its path, and the hint. */
const WAYS: readonly (readonly [what: string, path: string, hint: string])[] = [
  ['a file of the unit has changed', OWN, ANEW],
  ['a file of the unit is gone, or others than root can change it', '/usr/lib/systemd/gone.conf', ANEW],
  [
    'a file of the unit is gone, or others than root can change it',
    OWN,
    `'chown root ${OWN} && chmod go-w ${OWN} && systemctl daemon-reload' leaves it to root`,
  ],
  ["another unit file has taken the place of the unit's", `/etc/systemd/system/${UNIT}`, ANEW],
  ['the unit has a new drop-in', '/etc/systemd/system/service.d/new.conf', ANEW],
  [
    'the unit has a new drop-in',
    DROPPED,
    `'rm ${DROPPED} && systemctl daemon-reload': what is in /run is not there at boot`,
  ],
  [
    'the unit has a new drop-in',
    DROP_IN,
    `it hides that of the generator: 'rm ${MANIFEST} && sandbox-unit revert ${UNIT} && ${AGAIN} && systemctl restart ${UNIT}'`,
  ],
  [
    'a file is not the one that was made, or is not there',
    `/etc/sandbox-unit/enabled${filterPath(AT_BOOT, UNIT)}`,
    ANEW,
  ],
  ['a file is not the one that was made, or is not there', `/etc/sandbox-unit/enabled${DROP_IN}`, ANEW],
  ["its manifest can't be read, or others than root can change it", MANIFEST, ANEW],
  ['its manifest is cut short', '', ANEW],
  ['its manifest names no drop-in', '', ANEW],
  [
    'others than root can change the folder of its manifest',
    '/etc/sandbox-unit/enabled/activate.d',
    `'chown root ${FOLDERS} && chmod go-w ${FOLDERS} && systemctl daemon-reload' leaves it to root`,
  ],
  ["a file can't be written", '/run/x', "'systemctl daemon-reload' has the generator try it again"],
  ['the generator has not come to its end', '', "'systemctl daemon-reload' has the generator try it again"],
  [
    'the launcher is not there, is no program, or others than root can change it',
    LAUNCHER,
    `'${AGAIN.replace(' && systemctl', ` && install -D -m 755 /etc/sandbox-unit/enabled${LAUNCHER} ${LAUNCHER} && systemctl`)} && systemctl try-restart ${UNIT}' installs it`,
  ],
  [
    'the launcher is not there, is no program, or others than root can change it',
    PACKAGED_LAUNCHER,
    `install the package of ${PACKAGED_LAUNCHER} again, then 'systemctl daemon-reload'`,
  ],
  [
    'tighten is not there, is no program, or others than root can change it',
    TIGHTEN,
    `'${AGAIN.replace(' && systemctl', ` && install -D -m 755 /etc/sandbox-unit/enabled${TIGHTEN} ${TIGHTEN} && systemctl`)} && systemctl try-restart ${UNIT}' installs it`,
  ],
];

for (const [what, path, hint] of WAYS) {
  const reason = path === '' ? what : `${what}: ${path}`;
  test(`a unit that is refused since ${reason}`, async () => {
    const there = path === PACKAGED_LAUNCHER || path === DROPPED ? { [path]: '' } : {};
    const system = await enabled();
    await putIntoForce(system);
    await refuse(system, reason);
    for (const [file, text] of Object.entries(there))
      await system.replace(file, new TextEncoder().encode(text), { mode: 0o644 });
    const services = await servicesOf(atBoot(system), parseUnitName(UNIT) as UnitName);
    assert.deepEqual(await refusedAtBoot(atBoot(system), UNIT, services), [
      { severity: 'error', code: 'refused-at-boot', message: `${UNIT} can't start: ${reason}`, hint },
    ]);
  });
}

test('the reasons are the words of the generator', () => {
  const folder = join(NATIVE, 'generator');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.c'));
  const text = sources.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  for (const [what] of WAYS) assert.ok(text.includes(`"${what}"`), what);
});

test('a service whose start was refused is started then, and options of the files stay', async () => {
  const system = await enabled({ permissive: true, ifChanged: 'run' });
  await putIntoForce(system);
  await refuse(system, 'its manifest is cut short');
  const unit = system.unit.bind(system);
  system.unit = async (name) => {
    const state = await unit(name === refusalService(UNIT) ? UNIT : name);
    return name === refusalService(UNIT) ? { ...state, activeState: 'failed' } : state;
  };
  const services = await servicesOf(atBoot(system), parseUnitName(UNIT) as UnitName);
  const [found] = await refusedAtBoot(atBoot(system), UNIT, services);
  assert.match(
    found!.hint!,
    /^'sandbox-unit generate --runtime --at-boot --output \S+ --if-changed run --permissive demo\.service && systemctl daemon-reload && systemctl restart demo\.service && systemctl reset-failed sandbox-unit-refused@demo\.service\.service' makes/,
  );
});

test('a refusal whose words can not be read is one all the same', async () => {
  const system = await enabled();
  await refuse(system, '\n');
  const services = await servicesOf(atBoot(system), parseUnitName(UNIT) as UnitName);
  const [found] = await refusedAtBoot(atBoot(system), UNIT, services);
  assert.equal(
    found!.message,
    `${UNIT} can't start: the policy that is enabled for it does not fit any more`,
  );
});

test('a template without a loaded instance is told by its own name', async () => {
  const system = await enabled();
  await refuse(system, 'the unit has a new drop-in');
  const [found] = await refusedAtBoot(atBoot(system), UNIT, []);
  assert.equal(found!.message, `${UNIT} can't start: the unit has a new drop-in`);
  assert.deepEqual(await refusedAtBoot(atBoot(system), 'other.service', []), []);
});

test('`apply` names the command that enables a unit again', async () => {
  const system = await enabled({ ifChanged: 'run' });
  const { exit, diagnostics } = await apply(atBoot(system), [UNIT], {});
  const [found] = diagnostics;
  assert.deepEqual(
    [exit, found!.code, found!.hint],
    [
      1,
      'enabled-at-boot',
      `'${AGAIN.replace(` ${UNIT}`, ` --if-changed run ${UNIT}`)} && systemctl try-restart ${UNIT}' makes its files anew, without a trial; '${DISABLE}' takes its policy out of force, at boot too`,
    ],
  );
});

test("`revert` names the command that disables a unit, and on a host without it the host's own", async () => {
  const system = await enabled();
  for (const isInForce of [false, true]) {
    if (isInForce) await putIntoForce(system);
    const { exit, diagnostics } = await revert(atBoot(system), [UNIT], {});
    assert.deepEqual(
      [exit, diagnostics.map(({ code, hint }) => [code, hint])],
      [1, [['enabled-at-boot', `'${DISABLE}' takes its policy out of force, at boot too`]]],
      `in force: ${isInForce}`,
    );
  }
  const [still] = await enabledAtBoot(atBoot(system, { offline: true }), UNIT, true);
  assert.equal(still!.hint, `remove ${MANIFEST} there first`);
  const [afar] = await enabledAtBoot(atBoot(system, { isRecorded: true }), UNIT);
  const folders = `${ENABLED}/run/systemd/system/${UNIT}.d /run/systemd/system/${UNIT}.d/zz-sandbox-unit.*`;
  assert.equal(
    afar!.hint,
    `'generate --at-boot' makes its files anew from the facts; on the host 'rm -rf ${MANIFEST} ${folders} && systemctl daemon-reload && systemctl try-restart ${UNIT}' takes its policy out of force`,
  );
});

test('a refused start is made good where the unit is disabled', async () => {
  assert.equal(
    disableCommand('demo@.service', 'demo@x.service'),
    `rm -rf ${ENABLED}/activate.d/demo@.service ${ENABLED}/run/systemd/system/demo@.service.d && systemctl daemon-reload && sandbox-unit revert demo@.service && systemctl restart demo@x.service && systemctl reset-failed sandbox-unit-refused@demo@x.service.service`,
  );
});
