/** Tests of prepare/load/installed-programs.ts: programs of the native helper. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import {
  nativeProgram,
  programFiles,
  programsOf,
  removeUnusedPrograms,
  unusedPrograms,
} from '../../../src/prepare/load/installed-programs.js';
import { installedPrograms } from '../../../src/systemd/paths/programs.js';
import { LAUNCHER, NO_EXEC, TIGHTEN } from '../../support/demo-service.js';
import { type Contents, FakeSystem, fakeContext, HOME, program } from '../../support/fake-system.js';
import { planned } from '../../support/planned.js';

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

const PACKAGED = ['/usr/libexec/sandbox-unit/launcher', '/usr/libexec/sandbox-unit/tighten'];

test('a plan needs the launcher for its filter, and another program for that of [ready]', () => {
  const ready = '[ready]\ndeny = ["execve"]\n';
  const target = { launcher: LAUNCHER, injector: TIGHTEN };
  const of = (policy: string) => {
    const plan = planned(policy);
    return programsOf({ ...plan, target: { ...plan.target, ...target } });
  };
  assert.deepEqual(of('[service]\nPrivateTmp = true\n'), []);
  assert.deepEqual(of(NO_EXEC), [LAUNCHER]);
  assert.deepEqual(of(ready), [TIGHTEN]);
  assert.deepEqual(of(`[syscalls]\ndeny = ["write"]\n${ready}`), [LAUNCHER, TIGHTEN]);
});

test('programs are copied from the build for the machine, unless a package has installed them', async () => {
  const context = on({ [`${BUILD}/launcher`]: program('built'), [`${BUILD}/tighten`]: program('loads') });
  const files = await programFiles(context, 'x86-64', [LAUNCHER, TIGHTEN]);
  assert.deepEqual(
    files.map(({ path, mode, content }) => [path, mode, new TextDecoder().decode(content)]),
    [
      [LAUNCHER, 0o755, 'built'],
      [TIGHTEN, 0o755, 'loads'],
    ],
  );
  assert.deepEqual(await programFiles(context, 'arm64', PACKAGED), []);
  for (const [path, code] of [
    [LAUNCHER, 'no-helper'],
    [TIGHTEN, 'no-helper'],
  ] as const)
    await assert.rejects(programFiles(context, 'arm64', [path]), isMissing(code));
});

test('a packaged program installs those of its own package on a system without any', async () => {
  const system = new FakeSystem({ files: {} });
  const packaged = new FakeSystem({ files: { '/usr/libexec/sandbox-unit/launcher': program('packaged') } });
  const context = fakeContext(system, { program: packaged, home: '/usr/lib/sandbox-unit' });
  const [file] = await programFiles(context, 'x86-64', [LAUNCHER]);
  assert.deepEqual([file!.path, new TextDecoder().decode(file!.content)], [LAUNCHER, 'packaged']);
  // It is for the program's kind of machine alone.
  await assert.rejects(programFiles(context, 'arm64', [LAUNCHER]), (cause) => {
    assert.ok(cause instanceof UserError);
    assert.match(cause.diagnostics[0]!.hint!, /^install the package 'sandbox-unit-launcher'/);
    return true;
  });
});

const DROP_IN = '/etc/systemd/system/a.service.d/zz-sandbox-unit.conf';
const TRANSIENT = '/run/systemd/transient/r.service';

test('programs are in use while a drop-in of sandbox-unit exists, or a transient unit that starts one', async () => {
  const own = '# Made by sandbox-unit 1.0.0 from /p.toml\n[Service]\n';
  const all = [LAUNCHER, TIGHTEN];
  assert.deepEqual(installedPrograms(on({}).placement), all);
  assert.deepEqual(await unusedPrograms(on({})), all);
  assert.deepEqual(await unusedPrograms(on({ [DROP_IN]: own })), []);
  assert.deepEqual(await unusedPrograms(on({ [DROP_IN]: own }), [DROP_IN]), all);
  assert.deepEqual(await unusedPrograms(on({ [TRANSIENT]: `ExecStart=${LAUNCHER} -- a\n` })), [TIGHTEN]);
  assert.deepEqual(await unusedPrograms(on({ [TRANSIENT]: 'ExecStart=/bin/true\n' })), all);
  assert.deepEqual(await unusedPrograms(on({ [TRANSIENT.replace('.service', '.scope')]: LAUNCHER })), all);
});

test('installed programs are removed only if nothing uses them', async () => {
  for (const [files, left] of [
    [{}, []],
    [{ [TRANSIENT]: LAUNCHER }, [LAUNCHER]],
    [{ [DROP_IN]: '' }, [LAUNCHER, TIGHTEN]],
  ] as const) {
    const both = { [LAUNCHER]: program('x'), [TIGHTEN]: program('y') };
    const system = new FakeSystem({ files: { ...both, ...files } });
    await removeUnusedPrograms(fakeContext(system));
    const found = [LAUNCHER, TIGHTEN].filter((path) => system.files.has(path));
    assert.deepEqual(found, left);
  }
});

test('other programs are where they were built, or where a package has installed them', async () => {
  for (const name of ['observe', 'pty-relay', 'read-filters', 'send-descriptors'] as const) {
    const [built, packaged] = [`${BUILD}/${name}`, `/usr/libexec/sandbox-unit/${name}`];
    const path = (context: ReturnType<typeof on>) => nativeProgram(context, name);
    assert.equal(await path(on({ [built]: '', [packaged]: '' })), built);
    assert.equal(await path(on({ [packaged]: '' })), packaged);
    await assert.rejects(path(on({})), isMissing('no-helper'));
  }
});
