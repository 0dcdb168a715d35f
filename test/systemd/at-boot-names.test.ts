/** The generator, and the names by which systemd finds files of a unit: aliases, beginnings, a template's instances. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Box } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { MACHINE } from '../support/native.js';
import { inRepository } from '../support/repository.js';
import {
  bootWithPrograms,
  mainPid,
  policyPath,
  processStatus,
  properties,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';

const UNITS = '/etc/systemd/system';
const VENDOR = '/usr/local/lib/systemd/system';
const ENABLED = '/etc/sandbox-unit/enabled';
const PLAIN = 'has-names.service';
const TEMPLATE = 'has-names@.service';
const SERVICE = '[Service]\nType=exec\nExecStart=/usr/bin/tail -f /dev/null\n';
const OTHER_COMMAND = '[Service]\nExecStart=\nExecStart=/usr/bin/tail -n 5 -f /dev/null\n';
const POLICY = '[syscalls]\ndeny = ["execve", "execveat"]\n[service]\nProtectHome = true\n';

describe('the names of a unit that is enabled', { skip: servicesObstacle() ?? false }, () => {
  let box: Box;
  before(async () => {
    box = await bootWithPrograms('at-boot-names');
    await changeFiles(box, {
      [`${UNITS}/${PLAIN}`]: SERVICE,
      // A vendor's file below the administrator's, with links that lead to it.
      [`${VENDOR}/${PLAIN}`]: `${SERVICE}# of the vendor\n`,
      [`${VENDOR}/${TEMPLATE}`]: SERVICE,
      [`${UNITS}/has-names@old.service.d/50.conf`]: '[Unit]\nDescription=known\n',
      [`${UNITS}/has-@early.service.d/50.conf`]: '[Unit]\nDescription=known\n',
      [`${UNITS}/has-names@own.service`]: `${SERVICE}[Unit]\nDescription=known\n`,
      // A hidden drop-in: the unit's own of that name comes first.
      [`${UNITS}/by-.service.d/60.conf`]: OTHER_COMMAND,
      [`${UNITS}/${PLAIN}.d/50.conf`]: '[Unit]\nDescription=known\n',
      [`${UNITS}/${PLAIN}.d/60.conf`]: '[Unit]\nDescription=known\n',
      // Beginnings without an instance are instances', too.
      [`${UNITS}/has-.service.d/40.conf`]: '[Unit]\nDescription=known\n',
      [policyPath(PLAIN)]: POLICY,
      [policyPath(TEMPLATE)]: POLICY,
      '/etc/systemd/system-generators/none': '',
    });
    await sh(`ln -s ${PLAIN} ${VENDOR}/by-vendor.service
      ln -s ${TEMPLATE} ${VENDOR}/alias@.service
      install -D -m 755 ${inRepository(`native-helper/build/${MACHINE}/generator`)} /usr/local/libexec/sandbox-unit/generator
      install -D -m 755 ${inRepository(`native-helper/build/${MACHINE}/launcher`)} /usr/local/libexec/sandbox-unit/launcher
      rm /etc/systemd/system-generators/none
      ln -s /usr/local/libexec/sandbox-unit/generator /etc/systemd/system-generators/sandbox-unit-generator
      systemctl daemon-reload`);
    await enable(PLAIN);
    await enable(TEMPLATE);
    await sh('systemctl daemon-reload');
  });
  after(() => box?.stop());

  const sh = (script: string) => box.succeed(['bash', '-euc', script]);

  const enable = async (unit: string, ...more: string[]) => {
    const words = ['generate', '--runtime', '--at-boot', '--output', ENABLED, ...more, unit];
    const { status, stderr } = await sandboxUnit(box, ...words);
    assert.equal(status, 0, stderr);
  };

  /** Starts a unit anew, and whether it runs with a filter, without one, or not at all. */
  const restarted = async (unit: string): Promise<'confined' | 'unconfined' | 'held'> => {
    // The limit of starts begins anew.
    await box.exec(['systemctl', 'reset-failed', unit]);
    await box.exec(['systemctl', 'restart', unit]);
    const { ActiveState, DropInPaths } = await properties(box, unit, 'ActiveState', 'DropInPaths');
    if (ActiveState !== 'active') {
      assert.match(DropInPaths, /zz-sandbox-unit-refused\.conf/);
      return 'held';
    }
    const status = await processStatus(box, await mainPid(box, unit));
    return status.get('Seccomp') === '2' ? 'confined' : 'unconfined';
  };

  const outcomes = async (...units: string[]) => {
    const found: [string, string][] = [];
    for (const unit of units) found.push([unit, await restarted(unit)]);
    return Object.fromEntries(found);
  };

  /** With these files besides: outcomes of units. Without them: all are confined. */
  const withFiles = async (script: string, units: readonly string[]) => {
    const places = [UNITS, VENDOR, '/run/systemd/system', '/run/systemd/system.control'];
    await sh(`mkdir -p ${places.join(' ')} /root/before; rm -rf /root/before/*
      for place in ${places.join(' ')}; do mkdir -p /root/before$place; cp -aT $place /root/before$place; done
      ${script}
      systemctl daemon-reload`);
    const found = await outcomes(...units);
    await sh(`for place in ${places.join(' ')}; do rm -rf $place; cp -aT /root/before$place $place; done
      systemctl daemon-reload`);
    const again = await outcomes(...units);
    assert.deepEqual(
      new Set(Object.values(again)),
      new Set(['confined']),
      `${script}: ${JSON.stringify(again)}`,
    );
    return found;
  };

  const drop = (folder: string, name = 'new.conf') =>
    `mkdir -p ${folder}; printf '${OTHER_COMMAND.replaceAll('\n', '\\n')}' >${folder}/${name}`;

  test('are confined with all files that they had when they were enabled', async () => {
    const units = [
      PLAIN,
      'has-names@new.service',
      'has-names@old.service',
      'has-names@early.service',
      'has-names@own.service',
    ];
    assert.deepEqual(await outcomes(...units), Object.fromEntries(units.map((unit) => [unit, 'confined'])));
  });

  test('count where a link of the vendor leads to the file that the administrator hides', async () => {
    assert.match((await properties(box, PLAIN, 'Names')).Names, /by-vendor\.service/);
    for (const folder of ['by-vendor.service.d', 'by-.service.d', 'has-.service.d'])
      assert.deepEqual(await withFiles(drop(`${UNITS}/${folder}`), [PLAIN]), { [PLAIN]: 'held' }, folder);
    // A link by which the unit has had no name, and links over links.
    const link = `ln -s ${VENDOR}/by-vendor.service ${UNITS}/second.service; ${drop(`/run/systemd/system/second.service.d`)}`;
    assert.deepEqual(await withFiles(link, [PLAIN]), { [PLAIN]: 'held' });
    // The administrator's own file of the name makes it another unit.
    const other = `printf '${SERVICE.replaceAll('\n', '\\n')}' >${UNITS}/by-vendor.service; ${drop(`${UNITS}/by-vendor.service.d`)}`;
    assert.deepEqual(await withFiles(other, [PLAIN]), { [PLAIN]: 'confined' });
  });

  test('do not count where another drop-in hides the new one', async () => {
    assert.deepEqual(await withFiles(drop(`${VENDOR}/${PLAIN}.d`, '50.conf'), [PLAIN]), {
      [PLAIN]: 'confined',
    });
    assert.deepEqual(await withFiles(drop(`/run/systemd/system.control/${PLAIN}.d`, '50.conf'), [PLAIN]), {
      [PLAIN]: 'held',
    });
    const mask = `ln -sf /dev/null ${UNITS}/${PLAIN}.d/50.conf`;
    assert.deepEqual(await withFiles(mask, [PLAIN]), { [PLAIN]: 'held' });
  });

  test('of a template: the instance alone is held that has a new file', async () => {
    const [one, two] = ['has-names@one.service', 'has-names@two.service'];
    const files = [
      drop(`${UNITS}/${one}.d`),
      drop(`/run/systemd/system/has-@one.service.d`),
      drop(`${VENDOR}/alias@one.service.d`),
      drop(`${UNITS}/${one}.d`, 'zz-sandbox-unit.conf'),
      `printf '${OTHER_COMMAND.replaceAll('\n', '\\n')}' >${UNITS}/${one}`,
    ];
    for (const script of files)
      assert.deepEqual(await withFiles(script, [one, two]), { [one]: 'held', [two]: 'confined' }, script);
    for (const script of [
      drop(`${UNITS}/${TEMPLATE}.d`),
      drop(`${UNITS}/alias@.service.d`),
      drop(`${UNITS}/has-@.service.d`),
    ])
      assert.deepEqual(await withFiles(script, [one, two]), { [one]: 'held', [two]: 'held' }, script);
  });

  test('of a template: files that an instance had must be as they were', async () => {
    const [old, own, two] = ['has-names@old.service', 'has-names@own.service', 'has-names@two.service'];
    for (const script of [`echo >>${UNITS}/${old}.d/50.conf`, `rm ${UNITS}/${old}.d/50.conf`])
      assert.deepEqual(await withFiles(script, [old, two]), { [old]: 'held', [two]: 'confined' }, script);
    const changed = `echo Description=other >>${UNITS}/${own}`;
    assert.deepEqual(await withFiles(changed, [own, two]), { [own]: 'held', [two]: 'confined' });
  });

  test('of a template that may run without its policy: the instance alone does', async () => {
    await enable(TEMPLATE, '--if-changed', 'run');
    const [one, two] = ['has-names@one.service', 'has-names@two.service'];
    assert.deepEqual(await withFiles(drop(`${UNITS}/${one}.d`), [one, two]), {
      [one]: 'unconfined',
      [two]: 'confined',
    });
  });
});
