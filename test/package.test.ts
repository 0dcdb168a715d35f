import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { VERSION } from '../src/version.js';
import { manualPages } from './support/manual.js';
import { launcherObstacle, MACHINE } from './support/native.js';
import { inRepository, REPOSITORY } from './support/repository.js';
import { run } from './support/run.js';
import { temporaryFolder, writeTree } from './support/temporary.js';

const skip = launcherObstacle();

/** What is bundled, its bundler and its packages, in another folder. The compilers and the like are not copied. */
function copyOfSources(folder: string) {
  const isLarge = /\/node_modules\/(?:@esbuild|@typescript|@biomejs|typescript)$/;
  for (const name of ['src', 'scripts', 'package.json', 'tsconfig.json', 'node_modules']) {
    const filter = (source: string) => !isLarge.test(source);
    cpSync(inRepository(name), join(folder, name), { recursive: true, verbatimSymlinks: true, filter });
  }
  symlinkSync(inRepository('node_modules/@esbuild'), join(folder, 'node_modules/@esbuild'));
}

const COMPLETIONS = ['bash', 'fish', 'zsh'].map((shell) => `completion/${shell}`);
/** The command and the program; beside them are files of the daily verbs. */
const BUNDLED = ['LICENSES', 'program.cjs', 'sandbox-unit.cjs', ...COMPLETIONS];

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

test('builds in two folders give the same bytes', async (t) => {
  const folder = temporaryFolder(t);
  copyOfSources(folder);
  const { status, stderr } = await run([process.execPath, 'scripts/bundle.mjs'], { cwd: folder });
  assert.deepEqual([status, stderr], [0, '']);
  const built = filesBelow(join(folder, 'dist'));
  assert.deepEqual(filesBelow(inRepository('dist')), built);
  const found = BUNDLED.filter((name) => !built.includes(name));
  assert.deepEqual(found, []);
  for (const name of built) {
    const [ours, theirs] = [inRepository('dist', name), join(folder, 'dist', name)].map((at) =>
      readFileSync(at),
    );
    assert.ok(ours!.equals(theirs!), name);
  }
});

test("the built command imports only Node's modules and its own files", () => {
  const names = readdirSync(inRepository('dist')).filter((name) => name.endsWith('.cjs'));
  for (const name of names) {
    const asked = readFileSync(inRepository('dist', name), 'latin1').matchAll(/\brequire\("([^"]*)"\)/g);
    const others = [...asked].map(([, module]) => module!).filter((module) => !isBuiltin(module));
    assert.deepEqual(
      others.filter((module) => !names.includes(module.replace('./', ''))),
      [],
      name,
    );
  }
});

test('a daily verb loads one file, and one more for rare cases, without a duplicate module', () => {
  for (const verb of ['check', 'plan', 'apply', 'verify', 'status', 'run', 'revert', 'program']) {
    const [first, late] = [`${verb}.cjs`, `${verb}-late.cjs`].map((name) =>
      readFileSync(inRepository('dist', name), 'latin1'),
    );
    const asked = [first, late].map((text) =>
      [...new Set(text!.match(/(?<=")\.\/[\w-]+\.cjs(?=")/g))].sort(),
    );
    assert.deepEqual(asked, [['./dbus-next.cjs', `./${verb}-late.cjs`].sort(), [`./${verb}.cjs`]]);
    const found = [first, late].map((text) => text!.includes('UserError=class'));
    assert.deepEqual(found, [true, false]);
  }
});

test('the command finds the file of a verb behind --, too', async () => {
  const policy = inRepository('templates', 'no-exec.toml');
  const { stdout, stderr } = await run([
    process.execPath,
    inRepository('dist/sandbox-unit.cjs'),
    ...['--', 'check', policy],
  ]);
  assert.deepEqual([stdout, stderr], [`${policy}: ok\n`, '']);
});

test('--version loads no further file', async (t) => {
  const alone = join(temporaryFolder(t), 'sandbox-unit.cjs');
  copyFileSync(inRepository('dist/sandbox-unit.cjs'), alone);
  const { stdout } = await run([process.execPath, alone, '--version']);
  assert.equal(stdout, `${VERSION}\n`);
});

test('the bundled packages are listed, in a fixed order', async () => {
  const list = () =>
    run([process.execPath, 'packaging/sbom.mjs'], {
      cwd: REPOSITORY,
      env: { PATH: process.env.PATH!, HOME: process.env.HOME ?? '/', SOURCE_DATE_EPOCH: '1795000000' },
    });
  const [one, other] = await Promise.all([list(), list()]);
  assert.deepEqual([one.status, one.stderr], [0, '']);
  assert.deepEqual(one, other);
  const bom = JSON.parse(one.stdout) as {
    metadata: { timestamp: string; component: { name: string; version: string } };
    components: { name: string; version: string; hashes?: unknown }[];
    dependencies: { ref: string; dependsOn: string[] }[];
  };
  const { timestamp, component } = bom.metadata;
  assert.deepEqual(
    [timestamp, component.name, component.version],
    ['2026-11-18T11:06:40.000Z', 'sandbox-unit', VERSION],
  );
  const refs = bom.components.map(({ name, version }) => `${name}@${version}`);
  const licences = readFileSync(inRepository('dist/LICENSES'), 'utf8');
  assert.ok(refs.some((ref) => ref.startsWith('dbus-next@')));
  for (const ref of refs) assert.ok(licences.includes(`${ref.replace(/@(?=[^@]+$)/, ' ')}\n`), ref);
  const found = bom.dependencies.map(({ ref }) => ref).sort();
  assert.deepEqual(found, [`sandbox-unit@${VERSION}`, ...refs].sort());
});

test("package-lock.json names no registry, and only this repository's folders", () => {
  const { packages } = JSON.parse(readFileSync(inRepository('package-lock.json'), 'utf8')) as {
    packages: Record<string, { resolved?: string }>;
  };
  const resolved = Object.entries(packages).flatMap(([at, entry]) =>
    entry.resolved === undefined ? [] : [`${at}: ${entry.resolved}`],
  );
  assert.deepEqual(resolved, [
    'node_modules/event-stream: scripts/no-event-stream',
    'node_modules/jsbi: scripts/no-jsbi',
    'node_modules/long: scripts/no-long',
    'node_modules/usocket: scripts/no-usocket',
    'node_modules/xml2js: scripts/no-xml2js',
  ]);
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
  'host-scripts',
  'man',
  'native-helper',
  'package.json',
  'schemas',
  'templates',
];

test('the package installs and works without a compiler or network', { skip }, async (t) => {
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
    'observe',
    'pty-relay',
    'read-filters',
    'sandboxify',
    'send-descriptors',
    'tighten',
  ]);
  const manual = manualPages().map((page) => `man${page.at(-1)}/${page}`);
  for (const page of manual) assert.ok(readFileSync(join(prefix, 'share/man', page)).length > 0);
});
