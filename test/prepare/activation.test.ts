import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { activationFiles } from '../../src/prepare/activation.js';
import { prepare } from '../../src/prepare/prepare.js';
import { DROP_IN, FOLDER, NO_EXEC, SERVICE } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { type FakeOptions, fakeContext, HOME, machineWith } from '../support/fake-system.js';

const SCRIPT = { [`${HOME}/host-scripts/activate`]: '#!/bin/sh\n' };

const made = async (policy: string, { files, ...options }: FakeOptions = {}) => {
  const context = fakeContext(machineWith(SERVICE, policy, { ...options, files: { ...SCRIPT, ...files } }));
  const prepared = await prepare(context, 'demo', {});
  const found = await activationFiles(context, prepared);
  const [script, manifest] = found.files;
  return {
    ...found,
    script,
    manifest: new TextDecoder().decode(manifest!.content).split('\n'),
    manifestFile: manifest,
    prepared,
  };
};

const hashOf = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

test('activate: the generated files include the script, and its facts about the unit', async () => {
  const { script, manifest, manifestFile, prepared, diagnostics } = await made(NO_EXEC);
  assert.deepEqual(
    [script?.path, script?.mode, manifestFile?.path],
    ['/activate', 0o755, '/activate.d/demo.service'],
  );
  assert.deepEqual(diagnostics, []);
  const dropIn = prepared.files.find(({ path }) => path === DROP_IN)!;
  assert.ok(manifest.includes(`file 0644 ${hashOf(dropIn.content)} ${DROP_IN}`));
  assert.ok(manifest.includes(`made-for ${hashOf(SERVICE)} /usr/lib/systemd/system/demo.service`));
  assert.ok(manifest.includes('filtered yes'));
  assert.ok(manifest.includes('settle 1'));
  assert.equal(manifest.filter((line) => line.startsWith('file ')).length, prepared.files.length);
});

test('activate: a policy without a filter, with its own trial', async () => {
  const policy =
    '[service]\nProtectHome = true\n[apply]\nsettle = "200ms"\nreload = true\nprobe = [["true"], ["test", "-e", "a b"]]\nprobe-timeout = "2s"\nprobe-as = "www"\n';
  const { manifest } = await made(policy);
  assert.ok(!manifest.includes('filtered yes'));
  for (const line of [
    'settle 0.2',
    'reload yes',
    'probe true',
    "probe test -e 'a b'",
    'probe-timeout 2',
    'probe-as www',
  ])
    assert.ok(manifest.includes(line), `${line}\n${manifest.join('\n')}`);
});

test('activate: an endpoint, which only the command can try, is a warning', async () => {
  const { diagnostics, manifest } = await made(`${NO_EXEC}[apply]\nprobe = ["tcp:127.0.0.1:80"]\n`);
  const found = diagnostics.map(({ code, severity }) => [code, severity]);
  assert.deepEqual(found, [['probe', 'warning']]);
  assert.ok(manifest.every((line) => !line.startsWith('probe ')));
});

test("activate: a value that a manifest can't contain is refused", async () => {
  const lines = await failure(made(`${NO_EXEC}[apply]\nprobe = ["a\\nfile 0755 x /etc/passwd"]\n`));
  assert.equal(lines[0], 'policy-value');
  const stale = { [DROP_IN]: '', [`${FOLDER}/zz-sandbox-unit.programs/x\nfile 0755 y`]: '' };
  assert.equal((await failure(made(NO_EXEC, { files: stale })))[0], 'bad-file');
});

test('activate: obsolete files of the unit are named', async () => {
  const old = `${FOLDER}/zz-sandbox-unit.programs/old`;
  const { manifest } = await made(NO_EXEC, { files: { [DROP_IN]: '', [old]: '' } });
  assert.ok(manifest.includes(`gone ${old}`), manifest.join('\n'));
});

test('activate: without the script nothing is generated', async () => {
  const context = fakeContext(machineWith(SERVICE, NO_EXEC));
  const step = prepare(context, 'demo', {}).then((prepared) => activationFiles(context, prepared));
  assert.equal((await failure(step))[0], 'no-helper');
});
