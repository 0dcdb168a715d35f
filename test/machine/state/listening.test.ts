import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawnPorts, listeningOf } from '../../../src/machine/state/listening.js';
import { type FakeOptions, FakeSystem } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';

const GROUP = '/system.slice/demo.service';
const row = (port: string, inode: number) =>
  `  0: 00000000:${port} 00000000:0000 0A 0:0 0:0 0 0 0 ${inode} 1\n`;

/** Process 7 is in the network namespace of this program, and process 8, of the same service, in another. */
const LINKS = {
  '/proc/self/ns/net': 'net:[1]',
  '/proc/7/ns/net': 'net:[1]',
  '/proc/7/fd/3': 'socket:[70]',
  '/proc/7/fd/4': 'socket:[71]',
  '/proc/7/fd/5': '/var/log/demo',
  '/proc/8/ns/net': 'net:[2]',
  '/proc/8/fd/3': 'socket:[80]',
  '/proc/8/fd/4': 'socket:[72]',
};
const FILES = {
  '/proc/self/mountinfo': '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
  [`/sys/fs/cgroup${GROUP}/cgroup.procs`]: '7\n8\n',
  '/proc/self/net/tcp': row('0050', 70) + row('0051', 72) + row('0052', 99),
  '/proc/8/net/tcp': row('1F90', 80),
};

const found = async (options: FakeOptions = {}) => {
  const system = new FakeSystem({ files: FILES, links: LINKS, ...options });
  const state = unitState({ MainPID: 7, ControlGroup: GROUP });
  const sockets = await listeningOf(system, state);
  return sockets?.map(({ address, isApart }) => `${address}${isApart ? ' apart' : ''}`);
};

test('sockets of all processes of a service are found, each in its network namespace', async () => {
  assert.deepEqual(await found(), ['0.0.0.0:80', '0.0.0.0:8080 apart', '0.0.0.0:81']);
});

test("a line break in the path of a Unix socket doesn't give another socket a path", async () => {
  const listens = (inode: number, path: string) =>
    `ffff9: 00000002 00000000 00010000 0001 01 ${inode} ${path}\n`;
  const client = 'ffff9: 00000003 00000000 00000000 0001 03 73\n';
  const links = { ...LINKS, '/proc/7/fd/6': 'socket:[73]', '/proc/7/fd/7': 'socket:[74]' };
  const unix =
    client + listens(90, `/tmp/a\n${listens(70, '/b')}${listens(73, '/c')}`) + listens(74, '/run/demo');
  assert.deepEqual(await found({ files: { ...FILES, '/proc/self/net/unix': unix }, links }), [
    ...['0.0.0.0:80', '/run/demo', '0.0.0.0:8080 apart', '0.0.0.0:81'],
  ]);
});

test("sockets are unknown if the tables, or the namespace, can't be read", async () => {
  assert.equal(await found({ unreadable: ['/proc/self/net/tcp'] }), undefined);
  const { '/proc/self/ns/net': _, ...links } = LINKS;
  assert.equal(await found({ links }), undefined);
});

test('sockets are unknown if the processes have very many descriptor slots', async () => {
  const withRoom = (first: number, second: number) => ({
    files: {
      ...FILES,
      '/proc/7/status': `FDSize:\t${first}\n`,
      '/proc/8/status': `Name:\tx\nFDSize:\t${second}\n`,
    },
  });
  assert.equal((await found(withRoom(1 << 17, 1 << 17)))?.length, 3);
  assert.equal(await found(withRoom(1 << 17, (1 << 17) + 1)), undefined);
  assert.equal(await found(withRoom(1 << 19, 64)), undefined);
});

test("the kernel's ephemeral ports are read", async () => {
  const path = '/proc/sys/net/ipv4/ip_local_port_range';
  const drawn = (text: string) => drawnPorts(new FakeSystem({ files: { [path]: text } }));
  assert.deepEqual(await drawn('32768\t60999\n'), [32768, 60999]);
  assert.equal(await drawn('nonsense\n'), undefined);
  assert.equal(await drawnPorts(new FakeSystem()), undefined);
});
