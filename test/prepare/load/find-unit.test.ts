/**
 * Tests of prepare/load/find-unit.ts and prepare/load/unit-files.ts: units by their files
 * alone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import {
  dropInPathsFor,
  findTemplateUnit,
  findUnit,
  plainInstance,
  serviceNames,
} from '../../../src/prepare/load/find-unit.js';
import { ownInstances, readFiles } from '../../../src/prepare/load/unit-files.js';
import { parseUnitName, type UnitName } from '../../../src/systemd/unit/name.js';
import { type Contents, FakeSystem, fakeContext } from '../../support/fake-system.js';

const [ETC, USR] = ['/etc/systemd/system', '/usr/lib/systemd/system'];
const OURS = '# Made by sandbox-unit 1.0.0 from /p.toml\n';

const on = (files: Contents) => fakeContext(new FakeSystem({ files }), { offline: true });
const name = (text: string) => parseUnitName(text) as UnitName;

const found = async (files: Contents, unit: string) => {
  const { fragment, dropIns } = await findUnit(on(files), name(unit));
  return [fragment, ...dropIns];
};

test("an administrator's file comes before a package's, an instance's before its template's", async () => {
  const files = {
    [`${USR}/a.service`]: '',
    [`${ETC}/a.service`]: '',
    [`${ETC}/b@.service`]: '',
    [`${USR}/b@1.service`]: '',
  };
  assert.deepEqual(await found(files, 'a.service'), [`${ETC}/a.service`]);
  assert.deepEqual(await found(files, 'b@1.service'), [`${USR}/b@1.service`]);
  assert.deepEqual(await found(files, 'b@2.service'), [`${ETC}/b@.service`]);
  assert.deepEqual(await found(files, 'c.service'), [undefined]);
});

test("drop-ins are those that systemd reads without sandbox-unit's, also one that this hides", async () => {
  const files = {
    [`${USR}/a.service`]: '',
    [`${ETC}/a.service.d/zz-sandbox-unit.conf`]: OURS,
    [`${USR}/a.service.d/zz-sandbox-unit.conf`]: '[Service]\n',
    [`${ETC}/a.service.d/10-x.conf`]: '',
    [`${USR}/a.service.d/10-x.conf`]: '',
    [`${USR}/service.d/20-y.conf`]: '',
  };
  assert.deepEqual(await found(files, 'a.service'), [
    ...[`${USR}/a.service`, `${ETC}/a.service.d/10-x.conf`, `${USR}/service.d/20-y.conf`],
    `${USR}/a.service.d/zz-sandbox-unit.conf`,
  ]);
});

test("a template's drop-in of sandbox-unit is its instances', and a foreign one of that name isn't", async () => {
  const [ours, others] = [
    `${ETC}/b@.service.d/zz-sandbox-unit.conf`,
    `${USR}/b@.service.d/zz-sandbox-unit.conf`,
  ];
  const paths = async (text: string) => dropInPathsFor(on({ [ours]: text }), name('b@1.service'));
  assert.ok((await paths(OURS)).includes(ours));
  assert.ok(!(await paths('[Service]\n')).includes(ours));
  assert.ok(!(await paths(OURS)).includes(others));
});

test('services are named once each, in any folder', async () => {
  const files = {
    [`${USR}/a.service`]: '',
    [`${ETC}/a.service`]: '',
    [`${ETC}/b.service`]: '',
    [`${ETC}/c.socket`]: '',
  };
  assert.deepEqual((await serviceNames(on(files))).sort(), ['a.service', 'b.service']);
});

const TEMPLATE = {
  [`${USR}/t@.service`]: '[Service]\nExecStart=/bin/t\n',
  [`${ETC}/t@0.service.d/x.conf`]: '[Service]\nNice=5\n',
  [`${ETC}/t@own.service`]: '[Service]\nExecStart=/bin/own\n',
  [`${ETC}/t@ours.service.d/zz-sandbox-unit.conf`]: OURS,
  [`${ETC}/t@empty.service`]: '',
  [`${ETC}/other@1.service`]: '[Service]\n',
};

test("a template's instances are those with own files, and one that has none", async () => {
  const template = await findTemplateUnit(on(TEMPLATE), name('t@.service'));
  const instances = template.instances.map(({ full }) => full).sort();
  assert.deepEqual(instances, ['t@0.service', 't@empty.service', 't@ours.service', 't@own.service']);
  assert.equal(plainInstance(template)!.full, 't@1.service');
});

test("a template's drop-in must suit its running instances", async () => {
  const context = on(TEMPLATE);
  const own = await ownInstances(context, await findTemplateUnit(context, name('t@.service')));
  assert.deepEqual(own.map(({ name: { full }, files }) => [full, files.map(({ path }) => path)]).sort(), [
    ['t@0.service', [`${USR}/t@.service`, `${ETC}/t@0.service.d/x.conf`]],
    ['t@own.service', [`${ETC}/t@own.service`]],
  ]);
});

test('a file that is gone since the manager named it is reported', async () => {
  const context = on({ '/a.service': 'A\n' });
  const { files, diagnostics } = await readFiles(context, ['/a.service']);
  assert.deepEqual([files.length, diagnostics.map(({ code }) => code)], [1, ['bad-unit-file']]);
  await assert.rejects(readFiles(context, ['/a.service', '/gone.conf']), (cause) => {
    assert.ok(cause instanceof UserError);
    const found = cause.diagnostics.map(({ code, message }) => [code, message]);
    assert.deepEqual(found, [['unit-changed', '/gone.conf is gone']]);
    return true;
  });
});
