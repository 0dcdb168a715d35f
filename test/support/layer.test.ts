import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { inLayer, layerAvailable } from './layer.js';
import { inRepository, REPOSITORY } from './repository.js';
import { run } from './run.js';
import { testsUnless } from './tests-unless.js';

const test = testsUnless(layerAvailable());
const folder = mkdtempSync(join(tmpdir(), 'sandbox-unit layer,a:'));
after(() => rmSync(folder, { recursive: true }));

test('a program compiled in a layer against libseccomp runs outside it', async () => {
  writeFileSync(
    join(folder, 'program.c'),
    `
    #include <seccomp.h>
    #include <stdio.h>
    int main(void) { return printf("%d", seccomp_syscall_resolve_name("read")) < 0; }`,
  );
  const compile = ['gcc', '-static', '-o', 'program', 'program.c', '-lseccomp'];
  assert.deepEqual(await inLayer(compile, { cwd: folder, folders: [folder] }), {
    status: 0,
    stdout: '',
    stderr: '',
  });
  assert.equal((await run([join(folder, 'program')])).stdout, process.arch === 'x64' ? '0' : '63');
});

test('a command starts in the repository, which it may change', async () => {
  const { stdout } = await inLayer(['sh', '-c', 'pwd; cat package.json; test -w package.json']);
  assert.equal(stdout, `${REPOSITORY}\n${readFileSync(inRepository('package.json'), 'utf8')}`);
});

test('files that a command writes elsewhere are lost', async () => {
  const write = ['sh', '-c', `touch /etc/mine /tmp/mine && ls /etc/mine /tmp/mine`];
  assert.equal((await inLayer(write)).stdout, '/etc/mine\n/tmp/mine\n');
  const look = ['sh', '-c', 'ls /etc/mine /tmp/mine 2>/dev/null'];
  assert.equal((await inLayer(look)).stdout, '');
  assert.equal(existsSync('/etc/mine'), false);
});

test('a command has its status and input', async () => {
  assert.deepEqual(await inLayer(['sh', '-c', 'cat; exit 5'], { input: 'in' }), {
    status: 5,
    stdout: 'in',
    stderr: '',
  });
});

test('shellcheck finds nothing in the shell scripts', async () => {
  const scripts = ['scripts', 'test/support'].flatMap((directory) =>
    readdirSync(inRepository(directory), { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^[^.]+(\.sh)?$/.test(entry.name))
      .map((entry) => join(directory, entry.name)),
  );
  const check = ['shellcheck', '--external-sources', '.ci/run', ...scripts];
  assert.deepEqual(await inLayer(check), { status: 0, stdout: '', stderr: '' });
});
