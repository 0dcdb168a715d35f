import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Host } from '../../../src/machine/host.js';
import { formatRecording } from '../../../src/observe/recording/format.js';
import { parseRecording } from '../../../src/observe/recording/parse.js';
import { programHashes, recordedHost } from '../../../src/observe/recordings/host.js';
import { elf, PT_INTERP } from '../../support/elf.js';
import { type Contents, FakeSystem, fakeContext } from '../../support/fake-system.js';
import { recording } from '../../support/recordings.js';

const LINKER = '/lib64/ld-linux-x86-64.so.2';
const dynamic = (interpreter: string) => elf({ types: [PT_INTERP], interpreter });

const FILES: Contents = {
  '/proc/sys/kernel/hostname': 'web1\n',
  '/proc/sys/kernel/osrelease': '6.12.118\n',
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/usr/sbin/demod': dynamic(LINKER),
  '/usr/sbin/muslod': dynamic('/lib/ld-musl-x86_64.so.1'),
  '/usr/sbin/staticd': elf(),
  [LINKER]: 'no words of a version\0',
  '/lib64/libc.so.6': '\x7fELF\0GNU C Library (Debian GLIBC 2.31-13) stable release version 2.31.\n',
};

const host = (files: Contents, program?: string) =>
  recordedHost(fakeContext(new FakeSystem({ files })), program);

test('a host has its names and versions, and an ID that reveals nothing else', async () => {
  const one = await host(FILES, '/usr/sbin/demod');
  assert.match(one.id, /^[0-9a-f]{32}$/);
  assert.ok(!one.id.includes('0123456789abcdef'));
  assert.deepEqual(one, {
    ...{ name: 'web1', id: one.id, kernel: '6.12.118', systemd: '257.13-1~deb13u1' },
    ...{ architecture: 'x86-64', libc: 'glibc 2.31' },
  });
  const other = await host({ ...FILES, '/etc/machine-id': 'f123456789abcdef0123456789abcdef\n' });
  assert.notEqual(other.id, one.id);
  assert.equal((await host({ ...FILES, '/proc/sys/kernel/hostname': 'renamed\n' })).id, one.id);
});

test("the C library is the program's", async () => {
  const libc = async (program: string, files = FILES) => (await host(files, program)).libc;
  assert.equal(await libc('/usr/sbin/muslod'), 'musl');
  assert.equal(await libc('/usr/sbin/staticd'), null);
  assert.equal(await libc('/usr/sbin/absent'), null);
  const { '/lib64/libc.so.6': _, ...without } = FILES;
  assert.equal(await libc('/usr/sbin/demod', without), null);
  const newer = { ...without, [LINKER]: 'ld.so (GNU libc) stable release version 2.43.\n' };
  assert.equal(await libc('/usr/sbin/demod', newer), 'glibc 2.43');
});

test('a recording can have any host, also an unnamed one', async () => {
  const hosts = [
    await host({}),
    await host({ ...FILES, '/proc/sys/kernel/hostname': 'a\u001b\n'.repeat(99) }),
  ];
  for (const one of hosts) {
    const back = parseRecording(formatRecording(recording({ host: one })), 'x.json');
    assert.ok('version' in back, JSON.stringify(back));
  }
});

test('programs have the hashes of their contents, as sha256sum(1) has them', async () => {
  const context = fakeContext(new FakeSystem({ files: FILES }));
  const hashes = await programHashes(context, ['/usr/sbin/demod', '/usr/sbin/absent', LINKER]);
  assert.deepEqual([...hashes.keys()], ['/usr/sbin/demod', LINKER]);
  const sum = createHash('sha256').update('no words of a version\0').digest('hex');
  assert.equal(hashes.get(LINKER), sum);
});

test('the C library of a program of this machine is found', async () => {
  const system = new Host({ address: 'unix:path=/nowhere', hint: 'none' });
  const manager = async () => ({ ...(await new FakeSystem().manager()) });
  const real = new Proxy(system, {
    get: (of, key) => (key === 'manager' ? manager : Reflect.get(of, key).bind(of)),
  });
  const { libc, kernel } = await recordedHost(
    { ...fakeContext(new FakeSystem()), system: real },
    process.execPath,
  );
  assert.match(libc!, /^glibc 2\.\d+$/);
  assert.equal(kernel, readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
});
