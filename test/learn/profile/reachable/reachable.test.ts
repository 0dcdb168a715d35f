import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadedFile, reachableCalls } from '../../../../src/learn/profile/reachable/reachable.js';
import { type ElfImage, readImage } from '../../../../src/systemd/formats/elf-image.js';
import {
  BARE_LIBRARY,
  COMPILED_MACHINES,
  type CompiledMachine,
  compileImage,
  SYSTEM_CALL,
} from '../../../support/compiled-elf.js';
import { layerAvailable } from '../../../support/layer.js';
import { temporaryFolder } from '../../../support/temporary.js';
import { testsUnless } from '../../../support/tests-unless.js';
import { debianTree } from '../../../support/tree.js';

const test = testsUnless(layerAvailable());

const LIBRARIES: Readonly<Record<CompiledMachine, readonly string[]>> = {
  'x86-64': ['usr/lib/x86_64-linux-gnu/libc.so.6', 'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'],
  arm64: ['usr/aarch64-linux-gnu/lib/libc.so.6', 'usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1'],
};

function libraries(machine: CompiledMachine): LoadedFile[] {
  return LIBRARIES[machine].map((path) => ({
    path: `/${path}`,
    image: readImage(readFileSync(join(debianTree('toolchain'), path)))!,
  }));
}

const files = (image: ElfImage, more: readonly LoadedFile[] = [], plugins: readonly LoadedFile[] = []) => ({
  program: { path: '/usr/bin/program', image },
  libraries: more,
  plugins,
});

const HELLO = `#include <stdio.h>
#include <unistd.h>
#include <signal.h>
#include <sys/epoll.h>
int main(void) { signal(SIGHUP, SIG_IGN); puts("hello"); return epoll_create1(0) + chroot("/"); }`;

function callsOf(found: ReturnType<typeof reachableCalls>): string[] {
  assert.ok('calls' in found, JSON.stringify(found));
  return [...found.calls];
}

for (const machine of COMPILED_MACHINES) {
  test(`a dynamic program of ${machine} reaches what it uses of the C library, and little else`, async (t) => {
    const image = await compileImage(machine, temporaryFolder(t), 'program', HELLO, []);
    const calls = callsOf(reachableCalls(files(image, libraries(machine))));
    for (const call of [
      'epoll_create1',
      'chroot',
      'write',
      'openat',
      'mmap',
      'exit_group',
      'set_tid_address',
      'brk',
      'futex',
    ])
      assert.ok(calls.includes(call), call);
    for (const call of [
      'socket',
      'ptrace',
      'mount',
      'setuid',
      'clone3',
      'rename',
      'renameat',
      'no_such_call',
    ])
      assert.ok(!calls.includes(call), call);
    assert.ok(calls.length < 80, String(calls.length));
  });

  test(`a static program of ${machine} reaches what is linked into it`, async (t) => {
    const image = await compileImage(machine, temporaryFolder(t), 'program', HELLO, ['-static']);
    const calls = callsOf(reachableCalls(files(image)));
    for (const call of ['epoll_create1', 'chroot', 'write', 'exit_group'])
      assert.ok(calls.includes(call), call);
    for (const call of ['ptrace', 'mount', 'listen']) assert.ok(!calls.includes(call), call);
  });
}

test("without the C library the table has its functions' calls", async (t) => {
  const image = await compileImage('x86-64', temporaryFolder(t), 'program', HELLO, []);
  const [, linker] = libraries('x86-64');
  const calls = callsOf(reachableCalls(files(image, [linker!])));
  for (const call of ['epoll_create1', 'chroot', 'write']) assert.ok(calls.includes(call), call);
});

test('a static program with musl reaches what is linked into it', async (t) => {
  const options = ['-specs', '/usr/lib/x86_64-linux-musl/musl-gcc.specs', '-static'];
  const image = await compileImage('x86-64', temporaryFolder(t), 'program', HELLO, options);
  const calls = callsOf(reachableCalls(files(image)));
  for (const call of ['epoll_create1', 'chroot', 'writev', 'exit_group'])
    assert.ok(calls.includes(call), call);
  for (const call of ['ptrace', 'mount', 'listen', 'openat']) assert.ok(!calls.includes(call), call);
});

test('a program that computes call numbers is unknown', async (t) => {
  const source = `${SYSTEM_CALL}\nlong numbers[2];\nvoid _start(int i) { system_call(numbers[i]); }`;
  const options = ['-static', '-nostdlib', '-ffreestanding'];
  const image = await compileImage('x86-64', temporaryFolder(t), 'program', source, options);
  assert.deepEqual(reachableCalls(files(image)), {
    unknown: '/usr/bin/program computes the numbers of its system calls',
  });
});

test('a plugin counts whole, and a program that may load others is reported', async (t) => {
  const folder = temporaryFolder(t);
  const source = `${SYSTEM_CALL}\nvoid of_plugin(void) { system_call(165); }`; // mount
  const plugin = await compileImage('x86-64', folder, 'plugin.so', source, BARE_LIBRARY);
  const program = '#include <dlfcn.h>\nint main(int n, char **v) { return dlopen(v[1], RTLD_NOW) != 0; }';
  const image = await compileImage('x86-64', folder, 'program', program, []);
  const found = reachableCalls(
    files(image, libraries('x86-64'), [{ path: '/opt/plugin.so', image: plugin }]),
  );
  assert.ok(callsOf(found).includes('mount'));
  assert.deepEqual('loaders' in found && found.loaders, ['/usr/bin/program']);
  const without = reachableCalls(files(image, libraries('x86-64')));
  assert.ok(!callsOf(without).includes('mount'));
});

test('libseccomp, which takes the number of a call, is known', async (t) => {
  const source = `extern long syscall(long, ...);\nlong number = -1;\nint seccomp_load(void) { return syscall(number); }`;
  const options = [...BARE_LIBRARY, '-Wl,-soname,libseccomp.so.2'];
  const folder = temporaryFolder(t);
  const image = await compileImage('x86-64', folder, 'libseccomp.so', source, options);
  const program = await compileImage(
    'x86-64',
    folder,
    'program',
    'int seccomp_load(void); int main(void) { return seccomp_load(); }',
    [join(folder, 'libseccomp.so')],
  );
  const found = reachableCalls(
    files(program, [{ path: '/usr/lib/libseccomp.so.2', image }, ...libraries('x86-64')]),
  );
  assert.ok(callsOf(found).includes('seccomp'));
});

test('a program in Go is unknown', async (t) => {
  const source =
    '__attribute__((section(".go.buildinfo"), used)) static char info[16];\nint main(void) { return 0; }';
  const image = await compileImage('x86-64', temporaryFolder(t), 'program', source, []);
  assert.match(JSON.stringify(reachableCalls(files(image))), /unknown.*Go/);
});
