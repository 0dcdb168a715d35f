import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import dbus, { type MessageBus } from 'dbus-next';
import { receive } from '../../../src/machine/bus/receive.js';

const require = createRequire(createRequire(import.meta.url).resolve('dbus-next'));
const { marshallMessage } = require('./lib/marshall-compat.js');

type Fields = Partial<Record<keyof dbus.Message, unknown>>;

/** The bytes of an answer to call 3, as dbus-next writes it. */
const answer = (fields: Fields = {}): Buffer =>
  marshallMessage({ type: 2, serial: 7, replySerial: 3, sender: ':1.2', ...fields })[0];

/** The parts of a bus of dbus-next that the reader reaches into, and what comes of bytes. */
function reading(name: string | null = ':1.7') {
  const stream = new PassThrough();
  const connection = Object.assign(new EventEmitter(), { stream });
  const seen: { readonly body: unknown[]; readonly sender: string }[] = [];
  connection.on('message', (message) => seen.push(message));
  receive({ name, _connection: connection } as unknown as MessageBus, dbus.Message);
  const errors: string[] = [];
  for (const one of [stream, connection]) one.on('error', (cause: Error) => errors.push(cause.message));
  connection.emit('connect');
  stream.on('readable', () => assert.fail('dbus-next reads'));
  const feed = async (...chunks: Uint8Array[]) => {
    for (const chunk of chunks) {
      await new Promise(setImmediate);
      stream.write(chunk);
    }
    await new Promise(setImmediate);
  };
  return { feed, connection, seen, errors };
}

test('messages are read as dbus-next writes them, in any pieces', async () => {
  const { feed, seen, errors } = reading();
  const table = { Id: new dbus.Variant('s', 'demo.service'), Never: new dbus.Variant('t', 2n ** 64n - 1n) };
  const whole = Buffer.concat([answer(), answer({ signature: 'a{sv}', body: [table] })]);
  await feed(...[0, 5, 16, 40, 100].map((at, i, all) => whole.subarray(at, all[i + 1])));
  assert.deepEqual(
    seen.map(({ body, sender }) => [sender, body.map((one) => ({ ...(one as object) }))]),
    [
      [':1.2', []],
      [
        ':1.2',
        [{ Id: { signature: 's', value: 'demo.service' }, Never: { signature: 't', value: 2n ** 64n - 1n } }],
      ],
    ],
  );
  assert.deepEqual(errors, []);
});

test('signals that another peer addresses to the command are ignored, with their bodies unread', async () => {
  const { feed, seen, errors } = reading();
  const signal = (fields: Fields): Buffer =>
    marshallMessage({ type: 4, serial: 7, path: '/x', interface: 'a.b', member: 'C', ...fields })[0];
  const stray = signal({ sender: ':1.9', destination: ':1.7', signature: 's', body: ['x'] });
  stray.fill(0xff, stray.length - 6);
  const ofBus = { sender: 'org.freedesktop.DBus', destination: ':1.7', signature: 's', body: [':1.7'] };
  await feed(stray, stray, signal(ofBus), signal({ sender: ':1.2' }));
  assert.deepEqual(errors, []);
  assert.deepEqual(
    seen.map(({ sender, body }) => [sender, body]),
    [
      ['org.freedesktop.DBus', [':1.7']],
      [':1.2', []],
    ],
  );
});

test('bytes that are no message are an error of the stream, which is closed', async () => {
  const heads = [
    [2, 0, 0],
    [2, 0xffffffff, 8],
  ].map(([type, body, fields]) => {
    const head = Buffer.from([0x6c, type!, 0, 1, ...Array(12).fill(0)]);
    head.writeUInt32LE(body!, 4);
    head.writeUInt32LE(fields!, 12);
    return head;
  });
  for (const bytes of [...heads, Buffer.alloc(64), Buffer.alloc(64, 'x')]) {
    const { feed, seen, errors } = reading();
    await feed(bytes, answer());
    assert.deepEqual([seen, errors.length], [[], 1]);
  }
});

test("a refusal by the bus is an error of the connection; errors of later calls are their callers'", () => {
  const refusal = { type: 3, errorName: 'org.freedesktop.DBus.Error.LimitsExceeded', body: [] };
  const early = reading(null);
  early.connection.emit('message', refusal);
  assert.deepEqual([early.seen, early.errors], [[], ['org.freedesktop.DBus.Error.LimitsExceeded']]);
  early.connection.emit('message', { ...refusal, body: ['too many'] });
  assert.equal(early.errors.at(-1), 'too many');
  const late = reading();
  late.connection.emit('message', refusal);
  assert.deepEqual([late.seen, late.errors], [[refusal], []]);
});
