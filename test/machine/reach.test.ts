/** Tests of machine/reach.ts: endpoints of this machine. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Host } from '../../src/machine/host.js';
import { reach } from '../../src/machine/reach.js';
import type { Endpoint } from '../../src/policy/probe.js';

const bus = { address: 'unix:path=/nowhere', hint: 'none' };
const host = '127.0.0.1';

/** Starts a server for as long as a test lasts. @returns its port */
async function listen(t: TestContext, server: Server | HttpServer): Promise<number> {
  server.on('connection', (socket: Socket) => t.after(() => socket.destroy()));
  t.after(() => server.close());
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const tried = (endpoint: Endpoint) => reach(endpoint, { signal: new AbortController().signal, bus });

test('probe: a listening port accepts a connection', async (t) => {
  const server = createServer((socket) => socket.destroy());
  const port = await listen(t, server);
  assert.equal(await tried({ kind: 'tcp', host, port }), undefined);
  server.close();
  await once(server, 'close');
  assert.equal(await tried({ kind: 'tcp', host, port }), 'nothing listens there');
});

test('probe: a name with several addresses without a listener fails', async (t) => {
  const server = createServer();
  const port = await listen(t, server);
  server.close();
  await once(server, 'close');
  assert.equal(await tried({ kind: 'tcp', host: 'localhost', port }), 'nothing listens there');
});

test('probe: a server answers with a status, and nothing else counts', async (t) => {
  const server = createHttp((request, response) => {
    response.writeHead(Number(request.url!.slice(1)), { location: 'http://127.0.0.1:1/' });
    // It never ends.
    response.flushHeaders();
  });
  const port = await listen(t, server);
  const asked = (status: number) => tried({ kind: 'http', url: `http://${host}:${port}/${status}` });
  for (const good of [200, 204, 302]) assert.equal(await asked(good), undefined);
  for (const bad of [404, 500, 502]) assert.equal(await asked(bad), `HTTP status ${bad}`);
});

test('probe: a server without HTTP, without TLS, or that hangs up is told apart', async (t) => {
  const talks = await listen(
    t,
    createServer((socket) => socket.end('220 mail\r\n')),
  );
  assert.match((await tried({ kind: 'http', url: `http://${host}:${talks}/` }))!, /Parse Error/);
  assert.match((await tried({ kind: 'http', url: `https://${host}:${talks}/` }))!, /SSL|TLS|wrong version/i);
  const hangsUp = await listen(
    t,
    createServer((socket) => socket.resetAndDestroy()),
  );
  assert.equal(
    await tried({ kind: 'http', url: `http://${host}:${hangsUp}/` }),
    'the other end closed the connection',
  );
});

test('probe: an endpoint that never answers is given up', async (t) => {
  const port = await listen(t, createServer());
  const own = new Host(bus);
  assert.equal(await own.reach({ kind: 'http', url: `http://${host}:${port}/` }, 50), 'no answer in time');
  await own.close();
});

test('probe: a missing bus has no names', async () => {
  assert.match(
    (await tried({ kind: 'dbus', name: 'org.x.Y' }))!,
    /^can't reach the bus at unix:path=\/nowhere/,
  );
});
