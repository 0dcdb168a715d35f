import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { manualPages } from './support/manual.js';
import { launcherObstacle, MACHINE } from './support/native.js';
import { inRepository, REPOSITORY } from './support/repository.js';
import { run } from './support/run.js';
import { temporaryFolder, writeTree } from './support/temporary.js';

const skip = launcherObstacle();

test('the program and the cache of it are named by what is in the program', () => {
  const files = readdirSync(inRepository('dist')).filter((name) => /^program-/.test(name));
  const texts = files.filter((name) => name.endsWith('.cjs'));
  assert.equal(texts.length, 1);
  const hash = createHash('sha256')
    .update(readFileSync(inRepository('dist', texts[0]!)))
    .digest('hex');
  const name = `program-${hash.slice(0, 32)}`;
  const caches = ['all', 'files'].map((part) => `${name}-${process.arch}-${part}.cache`);
  assert.deepEqual(files.sort(), [...caches, `${name}.cjs`]);
});

test('V8 takes the caches', async () => {
  const said = `
    const vm = require('node:vm');
    const { Script } = vm;
    vm.Script = class extends Script {
      constructor(text, options) {
        super(text, options);
        console.log(options.cachedData.length, this.cachedDataRejected);
      }
    };
    require('./dist/program.cjs');`;
  const ofVerb = async (verb: string) => {
    const argv = [process.execPath, '--eval', said, 'sandbox-unit', verb];
    const [size, rejected] = (await run(argv, { cwd: REPOSITORY })).stdout.trim().split(' ');
    assert.equal(rejected, 'false');
    return Number(size);
  };
  assert.ok((await ofVerb('check')) < (await ofVerb('run')));
});

/** The package, installed in a folder of its own where there is no tool but Node and npm. */
async function installed(
  t: TestContext,
): Promise<{ bin: string; prefix: string; env: Record<string, string> }> {
  const folder = temporaryFolder(t);
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  const npm = (await run(['sh', '-c', 'command -v npm'])).stdout.trim();
  symlinkSync(process.execPath, join(tools, 'node'));
  symlinkSync(realpathSync(npm), join(tools, 'npm'));
  const env = { PATH: tools, HOME: folder };
  const succeed = async (...words: string[]) => {
    const { status, stdout, stderr } = await run(['npm', ...words], { env, cwd: REPOSITORY });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };
  const packed = await succeed('pack', '--silent', '--ignore-scripts', '--pack-destination', folder);
  const prefix = join(folder, 'prefix');
  await succeed('install', '--offline', '--global', '--prefix', prefix, join(folder, packed));
  return { bin: join(prefix, 'bin/sandbox-unit'), prefix, env };
}

/** What runs, what it was made from, and the manual. */
const CONTENTS = [
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'dist',
  'docs',
  'man',
  'native-helper',
  'package.json',
  'templates',
];

test('the package installs and works where nothing can be compiled or fetched', { skip }, async (t) => {
  const { bin, prefix, env } = await installed(t);
  const root = join(prefix, 'root');
  writeTree(root, {
    'usr/lib/systemd/libsystemd-shared-257.so': readFileSync(process.execPath).subarray(0, 4096),
    'usr/lib/x86_64-linux-gnu/libc.so.6': '',
    'usr/lib/x86_64-linux-gnu/libseccomp.so.2': '',
    'usr/lib/systemd/system/demo.service': '[Service]\nExecStart=/usr/sbin/demod\n',
    'usr/sbin/demod': '',
  });
  const words = ['apply', '--template', 'no-exec', '--root', root, 'demo'];
  assert.deepEqual(await run([bin, ...words, '--quiet'], { env }), { status: 0, stdout: '', stderr: '' });
  const launcher = readFileSync(join(root, 'usr/local/libexec/sandbox-unit/launcher'));
  assert.equal(launcher.toString('latin1', 1, 4), 'ELF');
  const installedAt = join(prefix, 'lib/node_modules/sandbox-unit');
  assert.deepEqual(readdirSync(installedAt).sort(), CONTENTS);
  const built = readdirSync(join(installedAt, 'native-helper/build', MACHINE!)).sort();
  assert.deepEqual(built, [
    'launcher',
    'libsandbox.so',
    'pty-relay',
    'read-filters',
    'read-records',
    'sandboxify',
    'send-descriptors',
  ]);
  const manual = manualPages().map((page) => `man${page.at(-1)}/${page}`);
  for (const page of manual) assert.ok(readFileSync(join(prefix, 'share/man', page)).length > 0);
});
