import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { PACKAGED_LAUNCHER, packagedProgram } from '../../src/systemd/paths/programs.js';
import { inLayer, layerAvailable } from '../support/layer.js';
import {
  buildHelper,
  buildLauncher,
  compileProgram,
  launcherObstacle,
  NATIVE,
  sharedFolder,
} from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';
import { THOROUGH } from '../support/thorough.js';

const skip = launcherObstacle();
const folder = sharedFolder();
/** What a build makes. */
const BUILT = [
  'launcher',
  'read-filters',
  'send-descriptors',
  'pty-relay',
  'tighten',
  'observe',
  'sandboxify',
  'libsandbox.so',
];
const MULTIARCH = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const DONE = { status: 0, stdout: '', stderr: '' };

function subfolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

test("two builds in different folders give the same bytes, and a package's own flags keep the hardening", {
  skip,
}, async () => {
  const copy = subfolder('copied-sources');
  const [build, native] = [join(copy, 'soft'), join(copy, 'helper')];
  cpSync(NATIVE, native, { recursive: true, filter: (path) => path !== join(NATIVE, 'build') });
  copyFileSync(inRepository('package.json'), join(copy, 'package.json'));
  const flags = [
    'CFLAGS=-O0 -fno-stack-protector -D_FORTIFY_SOURCE=0 -no-pie -Wl,-z,lazy,-z,norelro',
    'LDFLAGS=-no-pie -Wl,-z,lazy,-z,norelro,-z,execstack',
  ];
  assert.deepEqual(await run(['make', '--silent', '-C', native, `BUILD=${build}`, ...flags]), DONE);
  const own = await buildHelper();
  for (const name of BUILT)
    assert.ok(readFileSync(join(own, name)).equals(readFileSync(join(build, name))), name);
});

test("a package's own flags reach compiler and linker, and symbols are left to its tools", {
  skip,
}, async () => {
  const build = subfolder('package-flags');
  const make = ['make', '--silent', '--dry-run', '-C', NATIVE, `BUILD=${build}`];
  const lines = async (...variables: readonly string[]) => {
    const { stdout } = await run([...make, ...variables]);
    return stdout.split('\n').filter((line) => / -o .*\.new /.test(line));
  };
  const own = await lines('LDFLAGS=-Wl,--own-linking', 'CPPFLAGS=-DOWN', 'FORTIFY=2', 'WERROR=');
  assert.equal(own.length, BUILT.length);
  for (const line of own) {
    assert.match(line, / -Wl,--own-linking .* -DOWN /);
    assert.doesNotMatch(line, /-Werror|,-s\b/);
    assert.doesNotMatch(line, /_FORTIFY_SOURCE=3/);
  }
  assert.ok((await lines('WERROR=-Werror')).every((line) => line.includes(' -Werror ')));
});

if (THOROUGH)
  test("gcc's analyzer finds nothing", { skip }, async () => {
    // In the usual place it would take away what another build is about to read.
    const build = `BUILD=${subfolder('analyzed')}`;
    const { status, stderr } = await run(['make', '--silent', '-C', NATIVE, build, 'analyze']);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });

describe('the build refuses a launcher that has', () => {
  const CASES: readonly [string, readonly string[], string][] = [
    ['an interpreter', [], 'wants an interpreter'],
    ['a fixed address', ['-static', '-no-pie'], 'is not position-independent'],
    ['relocations', ['-static-pie', '-Wl,-z,now'], 'has relocations'],
    ['lazy binding', ['-static-pie', '-Wl,-z,lazy'], 'is not linked with -z now'],
    ['no relro', ['-static-pie', '-Wl,-z,now,-z,norelro'], 'is not linked with -z relro'],
  ];
  const HARD = ['-ffreestanding', '-nostdlib', '-static-pie', '-Wl,-z,now,-z,relro'];
  for (const [index, [name, options, problem]] of CASES.entries()) {
    test(name, { skip }, async () => {
      const program = await compileProgram('state', subfolder(`soft-${index}`), options);
      assert.deepEqual(await run([join(NATIVE, 'check-elf'), program]), {
        status: 1,
        stdout: '',
        stderr: `check-elf: ${program}: ${problem}\n`,
      });
    });
  }

  test('an executable stack', { skip }, async () => {
    const program = await compileProgram('still', subfolder('stack'), [...HARD, '-Wl,-z,execstack']);
    const { status, stderr } = await run([join(NATIVE, 'check-elf'), program]);
    assert.deepEqual([status, stderr], [1, `check-elf: ${program}: has an executable stack\n`]);
  });

  test('memory that is writable and executable', { skip }, async () => {
    const program = await compileProgram('still', subfolder('writable'), [
      ...HARD,
      '-Wl,-z,noexecstack',
      '-DWRITABLE_CODE',
    ]);
    const { status, stderr } = await run([join(NATIVE, 'check-elf'), program]);
    assert.deepEqual(
      [status, stderr],
      [1, `check-elf: ${program}: has a segment that is writable and executable\n`],
    );
  });
});

test('a static program with a C library may have relocations', { skip }, async () => {
  const options = ['-static-pie', '-Wl,-z,now,-z,relro,-z,noexecstack'];
  const program = await compileProgram('state', subfolder('hosted'), options);
  assert.deepEqual(await run([join(NATIVE, 'check-elf'), '--relocatable', program]), DONE);
});

test('a library may have relocations, and must otherwise be as hardened', { skip }, async () => {
  const check = async (name: string, link: string, source = 'still') => {
    const program = await compileProgram(source, subfolder(name), [
      ...['-ffreestanding', '-nostdlib', '-shared', '-fPIC', '-Wl,-z,noexecstack', link],
    ]);
    const { status, stderr } = await run([join(NATIVE, 'check-elf'), '--relocatable', program]);
    return [status, stderr.replace(/.*: /, '')];
  };
  assert.deepEqual(await check('hard-library', '-Wl,-z,now,-z,relro'), [0, '']);
  assert.deepEqual(await check('wanting-library', '-Wl,-z,now,-z,relro', 'state'), [
    1,
    'wants a symbol of a library\n',
  ]);
  assert.deepEqual(await check('lazy-library', '-Wl,-z,lazy,-z,relro'), [1, 'is not linked with -z now\n']);
});

test('the build refuses a machine without a launcher, and a compiler for another machine', {
  skip,
}, async () => {
  const other = process.arch === 'arm64' ? 'x86-64' : 'arm64';
  const wrong = await run(['make', '-C', NATIVE, `ARCH=${other}`, `BUILD=${folder}/wrong`]);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, new RegExp(`not for '${other}': give the cross compiler by CC=`));
  const unknown = await run(['make', '-C', NATIVE, 'CC=echo mips-linux-gnu ;:', `BUILD=${folder}/wrong`]);
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /compiles for 'mips': the launcher knows x86-64 and arm64/);
});

describe('with the tools of Debian 13', () => {
  const layer = { skip: skip ?? layerAvailable() };
  // The tree has neither clang nor libbpf, which OBSERVE=no does without.
  const make = (build: string, ...variables: string[]) =>
    inLayer(
      ['make', '--silent', '-C', NATIVE, 'WERROR=-Werror', 'OBSERVE=no', `BUILD=${build}`, ...variables],
      {
        folders: [folder],
      },
    );

  test('the launcher builds and works with a newer compiler', layer, async () => {
    const build = subfolder('newer');
    assert.deepEqual(await make(build), DONE);
    assert.match((await run([join(build, 'launcher'), '--version'])).stdout, /^sandbox-unit-launcher /);
    assert.equal(existsSync(join(build, 'observe')), false);
  });

  if (THOROUGH)
    test('the programs build and work with musl', layer, async () => {
      const build = subfolder('musl');
      const headers = `-idirafter /usr/include -idirafter /usr/include/${MULTIARCH}`;
      assert.deepEqual(await make(build, 'CC=musl-gcc', `CFLAGS=${headers}`), DONE);
      for (const name of ['read-filters', 'send-descriptors', 'pty-relay', 'tighten'])
        assert.match((await run([join(build, name), '--version'])).stdout, new RegExp(`^${name} `));
    });

  test('the shell script passes shellcheck', layer, async () => {
    assert.deepEqual(await inLayer(['shellcheck', join(NATIVE, 'check-elf')]), DONE);
  });
});

if (THOROUGH)
  describe('with clang', () => {
    const layer = { skip: skip ?? layerAvailable('clang') };
    const make = (...goals: string[]) =>
      inLayer(
        ['make', '--silent', '-C', NATIVE, 'WERROR=-Werror', 'CC=clang', `BUILD=${folder}/clang`, ...goals],
        {
          tree: 'clang',
          folders: [folder],
        },
      );

    test('the launcher builds and works', layer, async () => {
      assert.deepEqual(await make(), DONE);
      assert.match(
        (await run([join(folder, 'clang/launcher'), '--version'])).stdout,
        /^sandbox-unit-launcher /,
      );
    });

    test("clang's analyzer finds nothing in its shallow mode", layer, async () => {
      // The deep one takes six times as long, beside that of GCC: `make -C native-helper CC=clang analyze`.
      const shallow = '-Xclang -analyzer-config -Xclang mode=shallow';
      assert.deepEqual(await make('analyze', `CFLAGS=${shallow}`), DONE);
    });
  });

describe('make install', { skip }, () => {
  const build = join(folder, 'installed');
  before(() => buildLauncher(build));
  const make = (name: string, goal: string, ...variables: string[]) => {
    const root = join(folder, name);
    const words = ['make', '--silent', '-C', NATIVE, `BUILD=${build}`, `DESTDIR=${root}/root`];
    return run([...words, ...variables, goal]);
  };
  const installed = (name: string) => {
    const root = join(folder, name, 'root');
    const files = readdirSync(root, { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    return paths.map((path) => path.slice(root.length)).sort();
  };
  const install = async (name: string, ...variables: string[]) => {
    assert.deepEqual(await make(name, 'install', ...variables), DONE);
    return installed(name);
  };
  const programs = ['launcher', 'observe', 'pty-relay', 'read-filters', 'send-descriptors', 'tighten'];

  test("installs what was built in a package's places, and uninstall removes it", async () => {
    assert.deepEqual(await install('package'), [
      '/usr/bin/sandboxify',
      `/usr/lib/${MULTIARCH}/libsandbox.so`,
      ...programs.map(packagedProgram),
      '/usr/share/man/man1/sandboxify.1',
    ]);
    copyFileSync(join(folder, 'package/root', PACKAGED_LAUNCHER), join(folder, 'copy'));
    assert.match((await run([join(folder, 'copy'), '--version'])).stdout, /^sandbox-unit-launcher /);
    const others = '/usr/libexec/sandbox-unit/kept';
    writeFileSync(join(folder, 'package/root', others), '');
    assert.deepEqual(await make('package', 'uninstall'), DONE);
    assert.deepEqual(installed('package'), [others]);
    rmSync(join(folder, 'package/root', others));
    for (let times = 0; times < 2; times++) assert.deepEqual(await make('package', 'uninstall'), DONE);
    assert.equal(existsSync(join(folder, 'package/root/usr/libexec/sandbox-unit')), false);
  });

  test('accepts other folders', async () => {
    const folders = ['libdir=/usr/lib64', 'libexecdir=/x', 'bindir=/y', 'mandir=/z'];
    assert.deepEqual(await install('elsewhere', ...folders), [
      '/usr/lib64/libsandbox.so',
      ...programs.map((name) => `/x/sandbox-unit/${name}`),
      '/y/sandboxify',
      '/z/man1/sandboxify.1',
    ]);
    assert.deepEqual(await make('elsewhere', 'uninstall', ...folders), DONE);
    assert.deepEqual(installed('elsewhere'), []);
  });
});
