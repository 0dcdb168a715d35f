/**
 * Tests of learn/reachable/find-reachable.ts and learn/reachable/root-files.ts: a file
 * tree with programs and libraries as compilers make them.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findReachable } from '../../../src/learn/reachable/find-reachable.js';
import { BARE_LIBRARY, compileElf, SYSTEM_CALL } from '../../support/compiled-elf.js';
import { layerAvailable } from '../../support/layer.js';
import { filesBelow, programTree } from '../../support/program-tree.js';
import { temporaryFolder, writeTree } from '../../support/temporary.js';
import { testsUnless } from '../../support/tests-unless.js';
import { debianTree } from '../../support/tree.js';

const layerTest = testsUnless(layerAvailable());

/** A library that makes one system call, by its name's function. */
const library = (name: string, number: number) =>
  `${SYSTEM_CALL}\nvoid ${name}(void) { system_call(${number}); }`;

const FIRST = 165; // mount
const SECOND = 163; // acct
const THIRD = 167; // swapon

const find = (root: string, programs: readonly string[], mapped: readonly string[] = []) =>
  findReachable(filesBelow(root), { programs, mapped });

async function callsOf(...args: Parameters<typeof find>): Promise<ReadonlySet<string>> {
  const found = await find(...args);
  assert.ok('calls' in found, JSON.stringify(found));
  return found.calls;
}

const USES_FIRST = 'void first(void); int main(void) { first(); return 0; }';

layerTest("libraries are found by the linker's configuration", async (t) => {
  const { root, compile } = await programTree(t);
  await compile('opt/lib/libfirst.so', library('first', FIRST), BARE_LIBRARY);
  await compile('usr/bin/program', USES_FIRST, ['@libfirst.so']);
  assert.deepEqual(await find(root, ['/usr/bin/program']), {
    unknown: '/usr/bin/program needs libfirst.so, which was not found',
  });
  writeTree(root, {
    'etc/ld.so.conf': 'include ld.so.conf.d/*.conf\n',
    'etc/ld.so.conf.d/opt.conf': '/opt/lib\n',
  });
  writeTree(root, { 'etc/ld.so.conf.d/other.txt': '/nowhere\n' });
  assert.ok((await callsOf(root, ['/usr/bin/program'])).has('mount'));
});

layerTest('libraries are found beside the program, with their own libraries', async (t) => {
  const { root, compile } = await programTree(t);
  await compile('opt/lib/libsecond.so', library('second', SECOND), BARE_LIBRARY);
  const first = `${library('first', FIRST)}\nvoid second(void); void more(void) { second(); }`;
  const beside = ['-Wl,-rpath,$ORIGIN,--enable-new-dtags'];
  await compile('opt/lib/libfirst.so', first, [...BARE_LIBRARY, '@libsecond.so', ...beside]);
  const source = 'void more(void); int main(void) { more(); return 0; }';
  await compile('opt/bin/program', source, [
    '@libfirst.so',
    '-Wl,-rpath,$ORIGIN/../lib',
    '-Wl,--allow-shlib-undefined',
  ]);
  const calls = await callsOf(root, ['/opt/bin/program']);
  assert.ok(calls.has('acct') && !calls.has('mount'));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  symlinkSync('../../opt/bin/program', join(root, 'usr/bin/program'));
  assert.ok((await callsOf(root, ['/usr/bin/program'])).has('acct'));
});

layerTest('libraries of another machine are skipped', async (t) => {
  const { root, compile } = await programTree(t);
  await compile('usr/lib/libfirst.so', library('first', FIRST), BARE_LIBRARY);
  await compile('usr/bin/program', USES_FIRST, ['@libfirst.so']);
  const other = await compileElf(
    'arm64',
    temporaryFolder(t),
    'libfirst.so',
    library('first', SECOND),
    BARE_LIBRARY,
  );
  writeTree(root, { 'opt/libfirst.so': other, 'etc/ld.so.conf': '/opt\n' });
  assert.ok((await callsOf(root, ['/usr/bin/program'])).has('mount'));
});

layerTest('files that were seen mapped count, with their libraries', async (t) => {
  const { root, compile } = await programTree(t);
  await compile('usr/lib/libsecond.so', library('second', SECOND), BARE_LIBRARY);
  const plugin = `${library('plugin', FIRST)}\nvoid second(void); void more(void) { second(); }`;
  await compile('opt/plugin.so', plugin, [...BARE_LIBRARY, '@libsecond.so']);
  await compile('usr/bin/program', 'int main(void) { return 0; }', []);
  const without = await callsOf(root, ['/usr/bin/program']);
  assert.ok(!without.has('mount') && !without.has('acct'));
  const mapped = ['/opt/plugin.so', '/usr/bin/program', '/no/such/file', '/etc/passwd'];
  const calls = await callsOf(root, ['/usr/bin/program'], mapped);
  assert.ok(calls.has('mount') && calls.has('acct'));
});

layerTest('the name services count if they are used', async (t) => {
  const { root, compile } = await programTree(t);
  await compile('usr/lib/libnss_own.so.2', library('_nss_own_getpwnam_r', THIRD), BARE_LIBRARY);
  writeTree(root, { 'etc/nsswitch.conf': 'passwd: files own absent\n' });
  const asks = '#include <pwd.h>\nint main(void) { return getpwnam("x") != 0; }';
  await compile('usr/bin/asks', asks, []);
  await compile('usr/bin/silent', 'int main(void) { return 0; }', []);
  assert.ok((await callsOf(root, ['/usr/bin/asks'])).has('swapon'));
  assert.ok(!(await callsOf(root, ['/usr/bin/silent'])).has('swapon'));
});

layerTest('several programs count together, and an unknown one makes all unknown', async (t) => {
  const { root, compile } = await programTree(t);
  await compile('usr/bin/one', 'int chroot(const char *); int main(void) { return chroot("/"); }', []);
  await compile('usr/bin/two', '#include <unistd.h>\nint main(void) { return acct("/"); }', []);
  const calls = await callsOf(root, ['/usr/bin/one', '/usr/bin/two']);
  assert.ok(calls.has('chroot') && calls.has('acct'));
  writeTree(root, { 'usr/bin/script': '#!/bin/sh\n', 'usr/bin/text': 'hello' });
  for (const [path, reason] of [
    ['/usr/bin/script', 'is a script, which can do whatever its interpreter can'],
    ['/usr/bin/text', 'is not a program for a supported machine'],
    ['/usr/bin/absent', "can't be read"],
    ['/usr/bin', "can't be read"],
  ] as const)
    assert.deepEqual(await find(root, ['/usr/bin/one', path]), { unknown: `${path} ${reason}` });
});

layerTest('a library that loads others is named once, by whatever path programs find it', async (t) => {
  const { root, compile } = await programTree(t);
  const loads = '#include <dlfcn.h>\nvoid *first(void) { return dlopen("x", RTLD_NOW); }';
  await compile('usr/lib/libfirst.so', loads, BARE_LIBRARY);
  symlinkSync('usr/lib', join(root, 'lib'));
  for (const folder of ['usr/lib', 'lib'])
    await compile(`usr/bin/${folder.length}`, USES_FIRST, ['@libfirst.so', `-Wl,-rpath,/${folder}`]);
  const found = await find(root, ['/usr/bin/7', '/usr/bin/3']);
  assert.deepEqual('loaders' in found && found.loaders, ['/usr/lib/libfirst.so']);
});

layerTest('a program with musl finds its library', async (t) => {
  const { root, compile } = await programTree(t);
  const musl = 'usr/lib/x86_64-linux-musl/libc.so';
  writeTree(root, {
    [musl]: readFileSync(join(debianTree('toolchain'), musl)),
    'lib/ld-musl-x86_64.so.1': '-> ../usr/lib/x86_64-linux-musl/libc.so',
  });
  const source = '#include <unistd.h>\nint main(void) { return chroot("/"); }';
  await compile('opt/program', source, ['-specs', '/usr/lib/x86_64-linux-musl/musl-gcc.specs']);
  const calls = await callsOf(root, ['/opt/program']);
  assert.ok(calls.has('chroot') && calls.has('set_tid_address') && !calls.has('rseq'));
  assert.ok(calls.size < 60, String(calls.size));
});

test('files match a pattern in its last component', async (t) => {
  const root = temporaryFolder(t);
  writeTree(root, { 'etc/a.conf': '', 'etc/ab.conf': '', 'etc/a.txt': '', 'etc/.conf': '', 'etc/xaxbx': '' });
  const found = (pattern: string) => filesBelow(root).matching(pattern);
  assert.deepEqual(await found('/etc/*.conf'), ['/etc/a.conf', '/etc/ab.conf']);
  assert.deepEqual(await found('/etc/a*'), ['/etc/a.conf', '/etc/a.txt', '/etc/ab.conf']);
  assert.deepEqual(await found('/etc/x*x*x'), ['/etc/xaxbx']);
  assert.deepEqual(await found('/etc/x*b*a*'), []);
  assert.deepEqual(await found('/etc/a.conf'), ['/etc/a.conf']);
  assert.deepEqual(await found('/no/*.conf'), []);
});

layerTest('configuration that includes itself terminates', async (t) => {
  const { root, compile } = await programTree(t);
  writeTree(root, { 'etc/ld.so.conf': 'include /etc/ld.so.conf\n/opt/lib\n' });
  await compile('usr/bin/program', 'int main(void) { return 0; }', []);
  assert.ok((await callsOf(root, ['/usr/bin/program'])).has('exit_group'));
});
