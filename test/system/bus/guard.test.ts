import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { MessageBus } from 'dbus-next';
import { guardBus } from '../../../src/system/bus/guard.js';

/** The parts of a bus of dbus-next that the guard reaches into. */
function guarded(name: string | null, handle: (message: unknown) => void = () => undefined) {
  const connection = Object.assign(new EventEmitter(), { stream: new EventEmitter() });
  connection.on('message', handle);
  const bus = { name, _connection: connection };
  guardBus(bus as unknown as MessageBus);
  const errors: string[] = [];
  connection.stream.on('error', (cause: Error) => errors.push(cause.message));
  connection.on('error', (cause: Error) => errors.push(cause.message));
  return { connection, stream: connection.stream, errors };
}

test('what is thrown while a message is read is an error of the stream, which is read no more', () => {
  const { stream, errors } = guarded(':1.7');
  let reads = 0;
  stream.on('readable', () => {
    reads++;
    throw new RangeError('malformed');
  });
  stream.emit('readable');
  stream.emit('readable');
  assert.deepEqual([reads, errors], [1, ['malformed']]);
});

test('a handler of the stream can be taken back', () => {
  const { stream } = guarded(':1.7');
  const handler = () => assert.fail('it was taken back');
  stream.on('readable', handler);
  stream.removeListener('readable', handler);
  stream.emit('readable');
});

test("the bus's refusal is an error of the connection; errors of later calls are their callers'", () => {
  const seen: unknown[] = [];
  const refusal = { type: 3, errorName: 'org.freedesktop.DBus.Error.LimitsExceeded', body: [] };
  const early = guarded(null, (message) => seen.push(message));
  early.connection.emit('message', refusal);
  assert.deepEqual([seen, early.errors], [[], ['org.freedesktop.DBus.Error.LimitsExceeded']]);
  early.connection.emit('message', { ...refusal, body: ['too many'] });
  assert.equal(early.errors.at(-1), 'too many');
  const late = guarded(':1.7', (message) => seen.push(message));
  late.connection.emit('message', refusal);
  assert.deepEqual([seen, late.errors], [[refusal], []]);
});
