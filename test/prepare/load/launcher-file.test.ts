/** Tests of prepare/load/launcher-file.ts and prepare/load/native-program.ts: programs of the native helper. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import {
  launcherFiles,
  removeUnusedLauncher,
  unusedLauncher,
} from '../../../src/prepare/load/launcher-file.js';
import {
  descriptorSender,
  filterReader,
  recordReader,
  terminalRelay,
} from '../../../src/prepare/load/native-program.js';
import { LAUNCHER } from '../../support/demo-service.js';
import { type Contents, FakeSystem, fakeContext, HOME, program } from '../../support/fake-system.js';

const BUILD = `${HOME}/native-helper/build/x86-64`;
const on = (files: Contents) => fakeContext(new FakeSystem({ files }));

const isMissing = (code: string) => (cause: unknown) => {
  assert.ok(cause instanceof UserError);
  assert.deepEqual(
    [cause.exit, cause.diagnostics[0]!.code, cause.diagnostics[0]!.hint],
    [2, code, `make -C ${HOME}/native-helper`],
  );
  return true;
};

test('the launcher is copied from the build for the machine, unless a package has installed one', async () => {
  const context = on({ [`${BUILD}/launcher`]: program('built') });
  const [file, ...more] = await launcherFiles(context, { machine: 'x86-64', launcher: LAUNCHER });
  assert.deepEqual(
    [file!.path, file!.mode, new TextDecoder().decode(file!.content), more],
    [LAUNCHER, 0o755, 'built', []],
  );
  assert.deepEqual(
    await launcherFiles(context, { machine: 'arm64', launcher: '/usr/libexec/sandbox-unit/launcher' }),
    [],
  );
  await assert.rejects(
    launcherFiles(context, { machine: 'arm64', launcher: LAUNCHER }),
    isMissing('no-launcher'),
  );
});

test('a packaged program takes the launcher of its own package for a system that has none', async () => {
  const system = new FakeSystem({ files: {} });
  const packaged = new FakeSystem({ files: { '/usr/libexec/sandbox-unit/launcher': program('packaged') } });
  const context = fakeContext(system, { program: packaged, home: '/usr/lib/sandbox-unit' });
  const [file] = await launcherFiles(context, { machine: 'x86-64', launcher: LAUNCHER });
  assert.deepEqual([file!.path, new TextDecoder().decode(file!.content)], [LAUNCHER, 'packaged']);
  // It is for the program's kind of machine alone.
  await assert.rejects(launcherFiles(context, { machine: 'arm64', launcher: LAUNCHER }), (cause) => {
    assert.ok(cause instanceof UserError);
    assert.match(cause.diagnostics[0]!.hint!, /^install the package 'sandbox-unit-launcher'/);
    return true;
  });
});

const DROP_IN = '/etc/systemd/system/a.service.d/zz-sandbox-unit.conf';
const TRANSIENT = '/run/systemd/transient/r.service';

test('a launcher is used as long as a drop-in of ours is there, or a transient unit that starts it', async () => {
  const own = '# Made by sandbox-unit 1.0.0 from /p.toml\n[Service]\n';
  assert.equal(await unusedLauncher(on({})), LAUNCHER);
  assert.equal(await unusedLauncher(on({ [DROP_IN]: own })), undefined);
  assert.equal(await unusedLauncher(on({ [DROP_IN]: own }), [DROP_IN]), LAUNCHER);
  assert.equal(await unusedLauncher(on({ [TRANSIENT]: `ExecStart=${LAUNCHER} -- a\n` })), undefined);
  assert.equal(await unusedLauncher(on({ '/etc/sandbox-unit/enabled/activate.d/a.service': '' })), undefined);
  assert.equal(await unusedLauncher(on({ [TRANSIENT]: 'ExecStart=/bin/true\n' })), LAUNCHER);
  assert.equal(await unusedLauncher(on({ [TRANSIENT.replace('.service', '.scope')]: LAUNCHER })), LAUNCHER);
});

test('it goes only where nothing uses it', async () => {
  for (const [files, left] of [
    [{}, false],
    [{ [TRANSIENT]: LAUNCHER }, true],
  ] as const) {
    const system = new FakeSystem({ files: { [LAUNCHER]: program('x'), ...files } });
    await removeUnusedLauncher(fakeContext(system));
    assert.equal(system.files.has(LAUNCHER), left);
  }
});

test('other programs are where they were built, or where a package has put them', async () => {
  const find = {
    'read-filters': filterReader,
    'read-records': recordReader,
    'send-descriptors': descriptorSender,
    'pty-relay': terminalRelay,
  };
  const codes = {
    'read-filters': 'no-reader',
    'read-records': 'no-reader',
    'send-descriptors': 'no-sender',
    'pty-relay': 'no-relay',
  };
  for (const [name, path] of Object.entries(find)) {
    const [built, packaged] = [`${BUILD}/${name}`, `/usr/libexec/sandbox-unit/${name}`];
    assert.equal(await path(on({ [built]: '', [packaged]: '' })), built);
    assert.equal(await path(on({ [packaged]: '' })), packaged);
    await assert.rejects(path(on({})), isMissing(codes[name as keyof typeof codes]));
  }
});
