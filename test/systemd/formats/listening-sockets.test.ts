import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listeningSockets, SOCKET_TABLES } from '../../../src/systemd/formats/listening-sockets.js';

const row = (local: string, peer: string, state: string, inode = '77') =>
  `  0: ${local} ${peer} ${state} 00000000:00000000 00:00000000 00000000   101        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const NOBODY4 = '00000000:0000';
const NOBODY6 = `${'0'.repeat(32)}:0000`;

const CASES = [
  ['tcp', row('0100007F:1F90', NOBODY4, '0A'), { kind: 'tcp', address: '127.0.0.1:8080', port: 8080 }],
  ['tcp', row('0100007F:1F90', '0100007F:D431', '01'), undefined],
  [
    'tcp6',
    row(NOBODY6.replace(/0000$/, '0016'), NOBODY6, '0A'),
    { kind: 'tcp', address: '[::]:22', port: 22 },
  ],
  [
    'tcp6',
    row('B80D0120000000000000000001000000:0050', NOBODY6, '0A'),
    { kind: 'tcp', address: '[2001:db8::1]:80', port: 80 },
  ],
  ['udp', row('00000000:007B', NOBODY4, '07'), { kind: 'udp', address: '0.0.0.0:123', port: 123 }],
  ['udp', row('0100007F:8001', '0100007F:0035', '01'), undefined],
  [
    'udp6',
    row('00000000000000000000000001000000:0045', NOBODY6, '07'),
    { kind: 'udp', address: '[::1]:69', port: 69 },
  ],
  ['tcp', '  0: nonsense\n', undefined],
  ['unix', 'ffff9: 00000002 00000000 00010000 0001 01 77 /run/a b\n', { kind: 'unix', address: '/run/a b' }],
  ['unix', 'ffff9: 00000002 00000000 00000000 0002 01 77 /run/log\n', { kind: 'unix', address: '/run/log' }],
  ['unix', 'ffff9: 00000002 00000000 00000000 0001 03 77 /run/client\n', undefined],
  ['unix', 'ffff9: 00000002 00000000 00010000 0001 01 77 @abstract\n', undefined],
  ['unix', 'ffff9: 00000002 00000000 00010000 0005 01 77\n', undefined],
] as const;

for (const [table, line, socket] of CASES) {
  test(`${table}: ${line.trim().slice(0, 60)}`, () => {
    const found = listeningSockets(table, `${HEAD}${line}`);
    assert.deepEqual([...found], socket ? [['77', socket]] : []);
  });
}

test("sockets of this process are found by the kernel's tables", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'listening-'));
  const path = join(folder, 'a socket');
  const servers: Server[] = [];
  try {
    for (const where of [{ host: '127.0.0.1', port: 0 }, { path }]) {
      const server = createServer().listen(where);
      servers.push(server);
      await once(server, 'listening');
    }
    const { port } = servers[0]!.address() as { port: number };
    const all = SOCKET_TABLES.flatMap((table) => [
      ...listeningSockets(table, readFileSync(`/proc/self/net/${table}`, 'utf8')),
    ]);
    const [, socket] = all.find(([, one]) => one.address === path) ?? [];
    assert.deepEqual(socket, { kind: 'unix', address: path });
    const [inode = ''] = all.find(([, one]) => one.address === `127.0.0.1:${port}`) ?? [];
    const { _handle: handle } = servers[0] as unknown as { _handle: { fd: number } };
    assert.equal(readlinkSync(`/proc/self/fd/${handle.fd}`), `socket:[${inode}]`);
  } finally {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  }
});
