import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultFolders,
  isMusl,
  muslPathFile,
  nameServiceLibraries,
  ownFolders,
  parseLinkerConfig,
  parseMuslPath,
  usesNameServices,
} from '../../../../src/learn/profile/reachable/linker-paths.js';
import type { ElfImage } from '../../../../src/systemd/formats/elf-image.js';

const image = (change: Partial<ElfImage>): ElfImage => ({
  machine: 'x86-64',
  interpreter: undefined,
  needed: [],
  name: undefined,
  searched: [],
  isInherited: false,
  isGo: false,
  code: [],
  stubs: [],
  entry: 0,
  exports: new Map(),
  imports: new Set(),
  optional: new Set(),
  slots: new Map(),
  data: [],
  initializers: [],
  starts: [],
  ends: new Map(),
  ...change,
});

test("the linker's configuration has folders and includes, in order", () => {
  const text =
    '# comment\n/opt/one\ninclude a/*.conf b.conf\n/opt/two /opt/three=libc6 # more\nhwcap 1 nosegneg\nrelative\n';
  const found = parseLinkerConfig(text).map((one) => `${one.isPattern ? 'include ' : ''}${one.text}`);
  assert.deepEqual(found, ['/opt/one', 'include a/*.conf', 'include b.conf', '/opt/two', '/opt/three']);
});

test("musl's folders are separated by colons and lines", () => {
  assert.deepEqual(parseMuslPath('/lib:/usr/lib\n/opt\n\n'), ['/lib', '/usr/lib', '/opt']);
  assert.equal(muslPathFile('arm64'), '/etc/ld-musl-aarch64.path');
});

test('a linker without configuration searches the folders of its machine', () => {
  assert.deepEqual(defaultFolders('arm64', 'glibc').slice(0, 2), [
    '/lib/aarch64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
  ]);
  assert.ok(defaultFolders('x86-64', 'musl').includes('/usr/lib/x86_64-linux-musl'));
  assert.ok(isMusl('/lib/ld-musl-x86_64.so.1') && !isMusl('/lib64/ld-linux-x86-64.so.2'));
});

for (const [searched, expected] of [
  [['/opt/lib'], ['/opt/lib']],
  [
    ['$ORIGIN/../lib', `$\{ORIGIN}`],
    ['/usr/bin/../lib', '/usr/bin'],
  ],
  [['/opt/$LIB'], ['/opt/lib/x86_64-linux-gnu', '/opt/lib64']],
  [['/opt/$PLATFORM', 'relative', ''], []],
] as const) {
  test(`a file that names ${searched.join(' and ')} is understood`, () => {
    assert.deepEqual(ownFolders(image({ searched }), '/usr/bin'), expected);
  });
}

test('name-service libraries are named by their configuration', () => {
  const text = `# nsswitch.conf
passwd:  files systemd
hosts: files mymachines resolve [!UNAVAIL=return] dns # end
netgroup:
nonsense`;
  const names = ['files', 'systemd', 'mymachines', 'resolve', 'dns'];
  assert.deepEqual(
    nameServiceLibraries(text),
    names.map((name) => `libnss_${name}.so.2`),
  );
});

test('a program that looks up users or hosts uses the name services', () => {
  for (const name of ['getpwnam_r', 'getaddrinfo', 'initgroups', '__getpwuid', 'gethostbyname'])
    assert.ok(usesNameServices(image({ imports: new Set(['puts', name]) })), name);
  for (const name of ['getpid', 'getenv', 'getgroups', 'gets', 'getsockname'])
    assert.ok(!usesNameServices(image({ imports: new Set([name]) })), name);
});
