import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inLayer, layerAvailable } from '../support/layer.js';
import {
  buildLauncher,
  compileProgram,
  launcherObstacle,
  PROGRAMS,
  sharedFolder,
} from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';

const skip = launcherObstacle();
const folder = sharedFolder();
const NATIVE = inRepository('native-helper');
const DONE = { status: 0, stdout: '', stderr: '' };

function subfolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

test('two builds give the same bytes', { skip }, async () => {
  const [one, other] = [await buildLauncher(subfolder('one')), await buildLauncher(subfolder('other'))];
  assert.ok(readFileSync(one).equals(readFileSync(other)));
});

test("the launcher's constants are those of the system's headers", { skip }, async () => {
  await compileProgram('kernel-abi', folder, ['-ffreestanding', '-c']);
});

test("the compiler's analyzer finds nothing", { skip }, async () => {
  const { status, stderr } = await run(['make', '--silent', '-C', NATIVE, 'analyze']);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});

describe('a program that needs more than itself, or is less hard, is no launcher', () => {
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

test('a machine without a launcher, and a compiler for another machine, are refused', { skip }, async () => {
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
  const make = (build: string, ...variables: string[]) =>
    inLayer(['make', '--silent', '-C', NATIVE, `BUILD=${build}`, ...variables], { folders: [folder] });

  test('the launcher builds and works with a newer compiler', layer, async () => {
    const build = subfolder('newer');
    assert.deepEqual(await make(build), DONE);
    assert.match((await run([join(build, 'launcher'), '--version'])).stdout, /^sandbox-unit-launcher /);
  });

  test("the launcher's constants are those of the headers for arm64", layer, async () => {
    const source = join(PROGRAMS, 'kernel-abi.c');
    const compile = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-fsyntax-only', source];
    assert.deepEqual(await inLayer(['aarch64-linux-gnu-gcc', ...compile]), DONE);
  });

  test('the manual page is clean', layer, async () => {
    const page = inRepository('man/sandbox-unit-launcher.8');
    assert.deepEqual(await inLayer(['mandoc', '-Tlint', '-Wwarning', page]), DONE);
  });

  test('the shell script passes shellcheck', layer, async () => {
    assert.deepEqual(await inLayer(['shellcheck', join(NATIVE, 'check-elf')]), DONE);
  });
});

test('make install puts the launcher where it is looked for', { skip }, async () => {
  const root = subfolder('root');
  const { status, stderr } = await run([
    'make',
    '--silent',
    '-C',
    NATIVE,
    `BUILD=${root}/build`,
    `DESTDIR=${root}`,
    'install',
  ]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  copyFileSync(join(root, 'usr/local/libexec/sandbox-unit/launcher'), join(root, 'copy'));
  assert.match((await run([join(root, 'copy'), '--version'])).stdout, /^sandbox-unit-launcher /);
});
