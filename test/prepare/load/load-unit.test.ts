/** Tests of prepare/load/load-unit.ts and prepare/load/named-unit.ts: the unit that a name of the command line stands for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import { fullName, loadUnit, serviceName } from '../../../src/prepare/load/load-unit.js';
import { namedUnit } from '../../../src/prepare/load/named-unit.js';
import { type FakeOptions, FakeSystem, fakeContext } from '../../support/fake-system.js';

const USR = '/usr/lib/systemd/system';
const FILES = {
  [`${USR}/demo.service`]: '[Service]\nExecStart=/usr/sbin/demod\n',
  [`${USR}/t@.service`]: '[Service]\nExecStart=/usr/sbin/t\n',
};

const context = (options: FakeOptions = {}, offline = false) =>
  fakeContext(new FakeSystem({ files: FILES, ...options }), { offline });

const failure = async (run: () => unknown) => {
  try {
    await run();
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    const [{ code, message, hint } = assert.fail()] = cause.diagnostics;
    return `${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
  }
  return 'nothing';
};

test('only the name of a service is accepted', async () => {
  assert.equal(serviceName('demo').full, 'demo.service');
  assert.equal(serviceName('a@b').full, 'a@b.service');
  assert.equal(
    await failure(() => serviceName('a.socket')),
    "not-a-service: 'a.socket' is not a service (only services have a sandbox)",
  );
  for (const name of ['', '../a', 'a b', 'a\n.service'])
    assert.notEqual(await failure(() => serviceName(name)), 'nothing', name);
  assert.equal(fullName('a\x1b'), 'a\\x1b');
});

test("a unit has its files in systemd's order, with a manager and without", async () => {
  const dropIn = `/etc/systemd/system/demo.service.d/a.conf`;
  const files = { ...FILES, [dropIn]: '[Service]\nNice=5\n' };
  for (const offline of [false, true]) {
    const unit = await loadUnit(context({ files }, offline), 'demo');
    const paths = unit.files.map(({ path }) => path);
    assert.deepEqual(paths, [`${USR}/demo.service`, dropIn]);
    assert.equal(unit.services.length, offline ? 0 : 1);
  }
});

test('revert: accepts an alias', async () => {
  const aliases = { 'alias.service': 'demo.service' };
  assert.equal((await loadUnit(context({ aliases }), 'alias')).name.full, 'demo.service');
  const { name, exists } = await namedUnit(context({ aliases }), 'alias');
  assert.deepEqual([name, exists], ['demo.service', true]);
});

test('the error for an unknown name suggests one that exists', async () => {
  assert.equal(
    await failure(() => loadUnit(context(), 'dem0')),
    "no-unit: there is no unit dem0.service (did you mean 'demo'?)",
  );
  assert.match(
    await failure(() => loadUnit(context(), 'whatever')),
    /^no-unit: .*\('systemctl list-unit-files /,
  );
  assert.equal(
    await failure(() => loadUnit(context({}, true), 'whatever')),
    'no-unit: there is no unit whatever.service',
  );
  assert.equal((await namedUnit(context(), 'whatever')).exists, false);
  assert.equal((await namedUnit(context({}, true), 'whatever')).exists, false);
});

test('a template is loaded as an instance that has nothing besides', async () => {
  const { name, files, services, instances } = await loadUnit(context(), 't@');
  const found = [name.full, files.map(({ path }) => path), services, instances];
  assert.deepEqual(found, ['t@.service', [`${USR}/t@.service`], [], []]);
  const { name: named, exists } = await namedUnit(context(), 't@.service');
  assert.deepEqual([named, exists], ['t@.service', true]);
});

const CANT: readonly [says: string, properties: Readonly<Record<string, unknown>>, failure: RegExp][] = [
  [
    'masked',
    { LoadState: 'masked', FragmentPath: '/dev/null' },
    /^not-loaded: .*systemctl unmask demo\.service\)$/,
  ],
  [
    'masked until the next boot',
    { LoadState: 'masked', FragmentPath: '/run/systemd/system/demo.service' },
    /unmask --runtime/,
  ],
  ['transient', { Transient: true }, /^unit-transient: /],
  ['transient by its place', { FragmentPath: '/run/systemd/transient/demo.service' }, /^unit-transient: /],
  ['without a file', { FragmentPath: '' }, /^no-unit: demo\.service has no unit file$/],
  ['changed since it was read', { NeedDaemonReload: true }, /^unit-changed: .*systemctl daemon-reload/],
];

for (const [says, properties, wanted] of CANT) {
  test(`a unit that is ${says} can't be confined`, async () => {
    const distort = (all: Map<string, unknown>) => {
      for (const [name, value] of Object.entries(properties)) all.set(name, value);
    };
    assert.match(await failure(() => loadUnit(context({ distort }), 'demo')), wanted);
  });
}

test('a changed unit of another machine has a hint for that machine', async () => {
  const distort = (all: Map<string, unknown>) => all.set('NeedDaemonReload', true);
  for (const isRecorded of [true, false])
    assert.equal(
      (await failure(() => loadUnit({ ...context({ distort }), isRecorded }, 'demo'))).includes(
        "run 'systemctl daemon-reload' on the host, gather the facts again, then retry",
      ),
      isRecorded,
    );
});

test('a line at which systemd stops reading is reported if files have changed', async () => {
  const files = { [`${USR}/demo.service`]: '[Service]\nExecStart=/usr/sbin/demod\n[Broken\n' };
  const distort = (all: Map<string, unknown>) => all.set('NeedDaemonReload', true);
  assert.match(
    await failure(() => loadUnit(context({ files, distort }), 'demo')),
    /\(systemd stops reading the file at this line: correct it; .*daemon-reload/,
  );
});
