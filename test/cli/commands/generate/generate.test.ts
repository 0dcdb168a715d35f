import assert from 'node:assert/strict';
import { chownSync, existsSync } from 'node:fs';
import { test } from 'node:test';
import { apply } from '../../../../src/cli/commands/apply.js';
import { generate } from '../../../../src/cli/commands/generate/generate.js';
import { Host } from '../../../../src/machine/host.js';
import { Recorded } from '../../../../src/machine/recorded/recorded.js';
import { FOLDER, LAUNCHER, NO_EXEC, SERVICE } from '../../../support/demo-service.js';
import { FakeSystem, fakeContext, machineWith } from '../../../support/fake-system.js';
import { temporaryFolder } from '../../../support/temporary.js';

test('generate: prints what apply would write: texts as they are, other files by their size', async () => {
  const system = machineWith(SERVICE, NO_EXEC);
  const { exit, text } = await generate(fakeContext(system), ['demo'], {});
  assert.equal(exit, 0);
  assert.match(
    text,
    new RegExp(
      `^# ${LAUNCHER}\\n# 22 bytes, mode 755\\n\\n# ${FOLDER}/zz-sandbox-unit\\.filter\\n# \\d+ bytes, mode 644\\n\\n` +
        `# ${FOLDER}/zz-sandbox-unit\\.conf\\n# Made by sandbox-unit .*\\nExecStart=${LAUNCHER} --filter=\\S+ -- /usr/sbin/demod\\n# which files .*\\nLogExtraFields=\\S+\\n$`,
      's',
    ),
  );
  assert.deepEqual(system.changes, []);
});

test('generate --json: has whole files', async () => {
  const { json } = await generate(fakeContext(machineWith(SERVICE, NO_EXEC)), ['demo'], {});
  const files = json.files as { path: string; mode: string; text?: string; base64?: string }[];
  assert.deepEqual(
    files.map(({ path, mode }) => [path, mode]),
    [
      [LAUNCHER, '0755'],
      [`${FOLDER}/zz-sandbox-unit.filter`, '0644'],
      [`${FOLDER}/zz-sandbox-unit.conf`, '0644'],
    ],
  );
  assert.equal(Buffer.from(files[0]!.base64!, 'base64').toString(), 'launcher of this build');
  assert.match(files[2]!.text!, /^# Made by sandbox-unit/);
});

test('generate --output: writes files below a folder, as apply would write them', async () => {
  const system = machineWith(SERVICE, NO_EXEC);
  const { text, exit } = await generate(fakeContext(system), ['demo'], { output: '/out' });
  const paths = [LAUNCHER, `${FOLDER}/zz-sandbox-unit.filter`, `${FOLDER}/zz-sandbox-unit.conf`];
  assert.deepEqual([exit, text], [0, paths.map((path) => `/out${path}\n`).join('')]);
  assert.deepEqual(
    system.changes,
    paths.map((path) => `replace /out${path}`),
  );
  await apply(fakeContext(system), ['demo'], {});
  for (const path of paths) assert.deepEqual(system.files.get(`/out${path}`), system.files.get(path));
});

test('generate: writes files on this machine, not on the one of --facts', async () => {
  const system = machineWith(SERVICE, NO_EXEC);
  const program = new FakeSystem({ files: Object.fromEntries(system.files) });
  await generate(fakeContext(system, { program }), ['demo'], { output: '/out' });
  assert.deepEqual([system.changes, program.changes.length], [[], 3]);
});

test("generate --output: root writes into another user's folder", {
  skip: process.getuid?.() !== 0,
}, async (t) => {
  const folder = temporaryFolder(t);
  chownSync(folder, 65534, 65534);
  const host = new Host({ address: 'unix:path=/nowhere', hint: 'none' });
  const system = machineWith(SERVICE, NO_EXEC);
  const program = new FakeSystem({ files: Object.fromEntries(system.files) });
  program.replace = (path, content, options) => host.replace(path, content, options);
  await generate(fakeContext(system, { program }), ['demo'], { output: folder });
  assert.ok(existsSync(`${folder}${FOLDER}/zz-sandbox-unit.conf`));
});

test('generate: writes nothing for a wrong policy', async () => {
  const system = machineWith(SERVICE, '[syscalls]\ndeny = ["exceve"]\n');
  const result = await generate(fakeContext(system), ['demo'], { output: '/out' });
  assert.deepEqual([result.exit, result.text, result.json, system.changes], [1, '', { files: [] }, []]);
});

test('generate: writes nothing if the plan needs missing answers of a recorded machine', async () => {
  const system = machineWith(SERVICE, NO_EXEC);
  const program = new FakeSystem({ files: Object.fromEntries(system.files) });
  const recorded = new Recorded({ host: 'web1', answers: new Map() }, program);
  const of = (name: string | symbol) => (name === 'unanswered' ? recorded : system);
  const half = new Proxy(recorded, {
    get: (_, name) => {
      const value: unknown = Reflect.get(of(name), name, of(name));
      return typeof value === 'function' ? value.bind(of(name)) : value;
    },
  });
  const context = { ...fakeContext(system, { program }), system: half };
  const generated = () => generate(context, ['demo'], { output: '/out', activate: true });
  await program.replace(`${context.home}/host-scripts/activate`, new Uint8Array(), { mode: 0o755 });
  const { length } = program.changes;
  await recorded.list('/etc/more');
  assert.equal((await generated()).exit, 0);
  assert.equal(program.changes.length, length);
  Object.defineProperty(recorded, 'unanswered', { value: undefined });
  await generated();
  assert.ok(program.changes.length > length);
});

test('generate: the same policy and unit give the same bytes', async () => {
  const texts = await Promise.all(
    [1, 2].map(async () => {
      const { json } = await generate(fakeContext(machineWith(SERVICE, NO_EXEC)), ['demo'], {});
      return JSON.stringify(json);
    }),
  );
  assert.equal(texts[0], texts[1]);
});

test("generate: reports a launcher that isn't built", async () => {
  const system = machineWith(SERVICE, NO_EXEC);
  for (const path of system.files.keys()) if (path.endsWith('/launcher')) system.files.delete(path);
  await assert.rejects(generate(fakeContext(system), ['demo'], {}), /there is no launcher for x86-64/);
});

test('generate: prints the script for hosts without Node, without a unit', async () => {
  const system = machineWith(SERVICE, NO_EXEC);
  const { home } = fakeContext(system);
  await assert.rejects(generate(fakeContext(system), [], { script: true }), /there is no .*\/activate/);
  await system.replace(`${home}/host-scripts/activate`, new TextEncoder().encode('#!/bin/sh\n'), {
    mode: 0o755,
  });
  const { exit, text } = await generate(fakeContext(system), [], { script: true });
  assert.deepEqual([exit, text], [0, '#!/bin/sh\n']);
  await assert.rejects(generate(fakeContext(system), [], {}), /missing required argument 'unit'/);
});
